package dev.userservice;

import dev.userservice.client.Channel;
import dev.userservice.config.LoadConfig;
import dev.userservice.console.StatusLine;
import dev.userservice.console.Terminal;
import dev.userservice.load.LoadException;
import dev.userservice.load.LoadSequence;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import java.io.PrintStream;

/**
 * Makes the loads of its configuration, a {@link LoadConfig}, and prints the results. Its
 * deployment succeeds when a server is found: loads may take longer than a launcher waits for a
 * deployment. One instance, on one event loop, makes all calls.
 */
public final class LoadVerticle extends VerticleBase {

  private final PrintStream out;
  private final boolean terminal;
  private final Promise<Void> ended;
  private Channel channel;

  /** Prints to standard output. */
  public LoadVerticle() {
    this(Promise.promise());
  }

  /**
   * Prints to standard output.
   *
   * @param ended completed after all loads; failed with a {@link LoadException} when a load could
   *     not be made, or a call failed
   */
  LoadVerticle(Promise<Void> ended) {
    this(ended, Terminal.output(Terminal.charset()), Terminal.isInteractive());
  }

  /**
   * @param terminal true if {@code out} can be redrawn
   */
  LoadVerticle(Promise<Void> ended, PrintStream out, boolean terminal) {
    this.ended = ended;
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
    LoadConfig config = LoadConfig.from(config());
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
                new LoadSequence(vertx, config, channel, out, terminal)
                    .run()
                    .eventually(channel::close)
                    .onComplete(ended))
        .onFailure(failure -> channel.close());
  }

  @Override
  public Future<?> stop() {
    return channel.close();
  }
}
