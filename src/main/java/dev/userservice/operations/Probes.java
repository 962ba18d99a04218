package dev.userservice.operations;

import io.micrometer.core.instrument.Timer;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Whether the process lives, and whether it can answer calls: what all instances say of themselves
 * together. May be asked from any thread.
 */
public final class Probes {

  private static final long BEAT_MILLIS = 250;

  /** An event loop that has not turned for so long will not turn again. */
  private static final long DEAD_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Set<Probe> probes = ConcurrentHashMap.newKeySet();

  /** Takes an instance in; to be called on its event loop. */
  public Probe add(Vertx vertx, Timer lag) {
    Probe probe = new Probe(vertx, lag);
    probes.add(probe);
    return probe;
  }

  /** Whether all event loops turn. */
  public boolean live() {
    long now = System.nanoTime();
    return probes.stream().allMatch(probe -> now - probe.beatNanos < DEAD_NANOS);
  }

  /** Whether all instances answer calls. */
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

    /** Says from now on that calls are answered here, or that they are not. */
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
