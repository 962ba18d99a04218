package dev.userservice.load;

import dev.userservice.config.LoadName;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What a load has shown.
 *
 * @param latencies in nanoseconds, of the calls that were to begin after the warm-up: from when
 *     they were to begin until they ended well
 * @param unstarted how many calls were to begin and had not when the time was over; they stand in
 *     the latencies with the time that they had waited
 * @param failures of all calls, those of the warm-up too
 * @param seconds the time over which the rates are taken
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

  /** How many calls the latencies are of that ended well. */
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
