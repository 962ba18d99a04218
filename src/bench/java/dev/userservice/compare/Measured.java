package dev.userservice.compare;

import java.util.Map;

/**
 * The measurements of one server under one load.
 *
 * @param calls the number of calls that were answered well, all of them counted and checked
 * @param seconds the time for all of them
 * @param cpuSeconds the CPU time of the server for them
 * @param more other figures by their names
 */
record Measured(double calls, double seconds, double cpuSeconds, Map<String, Double> more) {

  Measured {
    if (calls <= 0 || seconds <= 0) {
      throw new IllegalStateException("nothing was answered");
    }
  }

  double callsPerSecond() {
    return calls / seconds;
  }

  double cpuMicrosPerCall() {
    return cpuSeconds * 1e6 / calls;
  }
}
