package dev.userservice;

import dev.userservice.bench.BenchRun;
import dev.userservice.bench.LoadException;
import dev.userservice.client.Channel;
import dev.userservice.client.StatusLine;
import dev.userservice.client.Terminal;
import dev.userservice.config.BenchConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import java.io.PrintStream;

/**
 * Makes the loads of its configuration, a {@link BenchConfig}, and prints what they show. It is
 * deployed when a server is found and the first load begins: loads may take longer than a launcher
 * waits for a deployment. One instance, on one event loop, makes all calls.
 */
public final class BenchVerticle extends VerticleBase {

  private final PrintStream out;
  private final boolean terminal;
  private final Promise<Void> ended = Promise.promise();
  private Channel channel;

  /** Shows what happens on standard output. */
  public BenchVerticle() {
    this(Terminal.output(Terminal.charset()), Terminal.isThere());
  }

  /**
   * @param terminal whether what is printed can be redrawn
   */
  public BenchVerticle(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public Future<?> start() {
    if (context.threadingModel() != ThreadingModel.EVENT_LOOP) {
      return Future.failedFuture(
          new LoadException(
              "a load is made on an event loop; leave out --worker and --virtual-thread"));
    }
    BenchConfig config = BenchConfig.from(config());
    channel = new Channel(vertx, config.client());
    return vertx
        .executeBlocking(
            () -> {
              config.checkFiles();
              return null;
            })
        .compose(files -> channel.findServer(new StatusLine(out, terminal)))
        .onSuccess(
            found ->
                new BenchRun(vertx, config, channel, out, terminal)
                    .run()
                    .eventually(channel::close)
                    .onComplete(ended))
        .onFailure(failure -> channel.close());
  }

  /**
   * Completes when all loads have been made; fails with a {@link LoadException} when one could not
   * be made, or any of its calls failed.
   */
  Future<Void> ended() {
    return ended.future();
  }

  @Override
  public Future<?> stop() {
    return channel.close();
  }
}
