package dev.userservice.compare;

import java.io.IOException;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The CPU time of a process over time, for a load that only says afterwards when it counted. */
final class CpuSamples implements AutoCloseable {

  private static final int PERIOD_MILLIS = 20;

  private final NavigableMap<Long, Double> samples = new ConcurrentSkipListMap<>();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

  /** The CPU time so far, in seconds; fails when the process has ended. */
  interface Source {
    double seconds() throws IOException;
  }

  CpuSamples(Source source) {
    clock.scheduleAtFixedRate(() -> sample(source), 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void sample(Source source) {
    try {
      samples.put(System.currentTimeMillis(), source.seconds());
    } catch (IOException gone) {
      clock.shutdown();
    }
  }

  /**
   * Returns the CPU time between two times.
   *
   * @param from milliseconds since 1970
   */
  double between(long from, long to) {
    return at(to) - at(from);
  }

  /** In between two samples, as if it had taken as much at any time. */
  private double at(long time) {
    Map.Entry<Long, Double> before = samples.floorEntry(time);
    Map.Entry<Long, Double> after = samples.ceilingEntry(time);
    if (before == null || after == null) {
      Map.Entry<Long, Double> nearest = before == null ? after : before;
      if (nearest == null) {
        throw new IllegalStateException("the process has ended");
      }
      return nearest.getValue();
    }
    long distance = after.getKey() - before.getKey();
    double part = distance == 0 ? 0 : (double) (time - before.getKey()) / distance;
    return before.getValue() + part * (after.getValue() - before.getValue());
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
