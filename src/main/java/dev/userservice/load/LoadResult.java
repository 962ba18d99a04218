package dev.userservice.load;

import dev.userservice.config.LoadName;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The measurements of a load.
 *
 * @param latencies in nanoseconds, of the successful calls that were due after the warm-up, each
 *     from the time at which it was due
 * @param unstarted the number of calls that were due but had not started by the end; the latencies
 *     include the time that they had waited
 * @param failures of all calls, including the warm-up
 * @param seconds the time over which the rates are computed
 */
record LoadResult(
    LoadName name,
    Histogram latencies,
    long unstarted,
    Failures failures,
    double seconds,
    double callsPerSecond,
    double messagesPerSecond) {

  static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

  /** The number of successful calls in the latencies. */
  long calls() {
    return latencies.getTotalCount() - unstarted;
  }

  long micros(double percentile) {
    return TimeUnit.NANOSECONDS.toMicros(latencies.getValueAtPercentile(percentile));
  }

  long maxMicros() {
    return TimeUnit.NANOSECONDS.toMicros(latencies.getMaxValue());
  }
}
