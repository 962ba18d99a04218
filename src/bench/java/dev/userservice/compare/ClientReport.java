package dev.userservice.compare;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The figures that a client wrote after the measured time.
 *
 * @param endMillis the end of that time, in milliseconds since 1970
 */
record ClientReport(double calls, double seconds, long endMillis, JsonObject load) {

  /** Fails when calls have failed. */
  static ClientReport read(Path file) throws IOException {
    JsonObject load = new JsonObject(Files.readString(file)).getJsonArray("loads").getJsonObject(0);
    if (load.getInteger("failed") > 0) {
      throw new IllegalStateException("calls failed: " + load.getValue("failures"));
    }
    double seconds = load.getDouble("seconds");
    return new ClientReport(
        load.getDouble("callsPerSecond") * seconds,
        seconds,
        Files.getLastModifiedTime(file).toMillis(),
        load);
  }

  /**
   * Adds the CPU time that the process of the samples took in that time.
   *
   * @param more other figures by their names
   */
  Measured measured(CpuSamples samples, Map<String, Double> more) {
    long start = endMillis - Math.round(seconds * 1_000);
    return new Measured(calls, seconds, samples.between(start, endMillis), more);
  }
}
