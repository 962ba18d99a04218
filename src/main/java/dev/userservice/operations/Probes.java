package dev.userservice.operations;

import io.micrometer.core.instrument.Timer;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The liveness and readiness of the process, from all instances together. Thread-safe. */
public final class Probes {

  private static final long BEAT_MILLIS = 250;

  /** An event loop that is blocked for this long counts as dead. */
  private static final long DEAD_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Set<Probe> probes = ConcurrentHashMap.newKeySet();

  /** Adds an instance; call on its event loop. */
  public Probe add(Vertx vertx, Timer lag) {
    Probe probe = new Probe(vertx, lag);
    probes.add(probe);
    return probe;
  }

  /** Returns true while all event loops run. */
  public boolean live() {
    long now = System.nanoTime();
    return probes.stream().allMatch(probe -> now - probe.beatNanos < DEAD_NANOS);
  }

  /** Returns true while all instances answer calls. */
  public boolean ready() {
    return !probes.isEmpty() && live() && probes.stream().allMatch(probe -> probe.serving);
  }

  /** One instance. */
  public static final class Probe {

    private final Timer lag;
    private volatile long beatNanos = System.nanoTime();
    private volatile boolean serving;

    private Probe(Vertx vertx, Timer lag) {
      this.lag = lag;
      vertx.setPeriodic(BEAT_MILLIS, turn -> beat());
    }

    /** Sets whether this instance answers calls. */
    public void serving(boolean serving) {
      this.serving = serving;
    }

    private void beat() {
      long now = System.nanoTime();
      long late = now - beatNanos - TimeUnit.MILLISECONDS.toNanos(BEAT_MILLIS);
      lag.record(Math.max(0, late), TimeUnit.NANOSECONDS);
      beatNanos = now;
    }
  }
}
