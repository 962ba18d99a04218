package dev.userservice;

import dev.userservice.client.Channel;
import dev.userservice.client.ScenarioRun;
import dev.userservice.client.Transcript;
import dev.userservice.config.ClientConfig;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/**
 * Runs the scenarios of its configuration, a {@link ClientConfig}, against a server. It is deployed
 * when they have all passed; when one has failed its deployment fails, with a message that explains
 * the first.
 */
public final class ClientVerticle extends VerticleBase {

  private final Transcript transcript;

  /** Set on the thread that ends the process. */
  private volatile boolean interrupted;

  /** Shows what happens on standard output. */
  public ClientVerticle() {
    this(Transcript.onStandardOutput(System.getenv()));
  }

  /** Shows what happens in a transcript. */
  public ClientVerticle(Transcript transcript) {
    this.transcript = transcript;
  }

  @Override
  public Future<?> start() {
    ClientConfig config = ClientConfig.from(config());
    Channel channel = new Channel(vertx, config);
    return channel
        .findServer(transcript.status())
        .compose(server -> new ScenarioRun(channel, transcript, () -> interrupted).run(config))
        .eventually(channel::close);
  }

  /** Ends the run, without another word: the process is ending. May be called on any thread. */
  void interrupt() {
    interrupted = true;
  }
}
