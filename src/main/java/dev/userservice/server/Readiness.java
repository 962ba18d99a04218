package dev.userservice.server;

import dev.userservice.operations.Health;
import dev.userservice.operations.Probes.Probe;
import dev.userservice.operations.Started;
import io.vertx.core.Vertx;
import java.util.Optional;

/**
 * The readiness of one instance to answer calls: for health checks and probes. False until the
 * store is open, and after the stop has begun. For one event loop.
 */
public final class Readiness {

  private static final long CHECK_MILLIS = 1_000;

  private final Vertx vertx;
  private final SharedParts shared;
  private final Health health;
  private final Optional<Probe> probe;
  private boolean stopping;
  private boolean checking;

  public Readiness(Vertx vertx, SharedParts shared, Health health) {
    this.vertx = vertx;
    this.shared = shared;
    this.health = health;
    probe = shared.monitor().map(monitor -> monitor.probe(vertx));
  }

  /** Called once the store is open; from now on it is checked every second. */
  public void opened() {
    Started.of(vertx).becameReady();
    set(!stopping && shared.guard().isReady());
    vertx.setPeriodic(CHECK_MILLIS, turn -> check());
  }

  /** Called when the instance begins to stop. */
  public void stopping() {
    stopping = true;
    set(false);
  }

  private void check() {
    if (checking || stopping) {
      return;
    }
    checking = true;
    shared
        .isHealthy()
        .onSuccess(
            healthy -> {
              checking = false;
              set(healthy && !stopping);
            });
  }

  private void set(boolean serving) {
    health.serving(serving);
    probe.ifPresent(there -> there.serving(serving));
  }
}
