package dev.userservice.compare;

import java.util.Map;

/**
 * What one load has shown of one server.
 *
 * @param calls how many calls were answered well, all of them counted and looked at
 * @param seconds how long that took
 * @param cpuSeconds how much CPU time the server took for it
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
