package dev.userservice.operations;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The meters of store operations, for all event loops together. */
public final class StoreMeters {

  private record Outcome(String operation, String failure) {}

  private final Metrics metrics;
  private final Tags tags;
  private final Map<Outcome, Timer> timers = new ConcurrentHashMap<>();

  StoreMeters(Metrics metrics, String system) {
    this.metrics = metrics;
    tags = Tags.of("db.system.name", system);
  }

  /**
   * Records a completed operation.
   *
   * @param failure the reason of its failure; empty when it succeeded
   */
  public void end(String operation, String failure, long nanos) {
    timers
        .computeIfAbsent(new Outcome(operation, failure), this::timer)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  private Timer timer(Outcome outcome) {
    return metrics.timer(
        "db.client.operation.duration",
        "Durations of store operations",
        tags.and("db.operation.name", outcome.operation(), "error.type", outcome.failure()));
  }
}
