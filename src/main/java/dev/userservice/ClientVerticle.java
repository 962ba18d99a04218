package dev.userservice;

import dev.userservice.config.ClientConfig;
import dev.userservice.demo.ScenarioRun;
import dev.userservice.demo.Transcript;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.function.BooleanSupplier;

/**
 * Runs the scenarios of its configuration, a {@link ClientConfig}, against a server. Its deployment
 * succeeds when all have passed; else it fails with a message that explains the first failure.
 */
public final class ClientVerticle extends VerticleBase {

  private final Transcript transcript;
  private final BooleanSupplier interrupted;

  /** Prints to standard output. */
  public ClientVerticle() {
    this(() -> false);
  }

  /** Prints to standard output until the process is interrupted. */
  ClientVerticle(BooleanSupplier interrupted) {
    this(Transcript.onStandardOutput(System.getenv()), interrupted);
  }

  /** Prints to a transcript. */
  public ClientVerticle(Transcript transcript) {
    this(transcript, () -> false);
  }

  private ClientVerticle(Transcript transcript, BooleanSupplier interrupted) {
    this.transcript = transcript;
    this.interrupted = interrupted;
  }

  @Override
  public Future<?> start() {
    return new ScenarioRun(vertx, ClientConfig.from(config()), transcript, interrupted).run();
  }
}
