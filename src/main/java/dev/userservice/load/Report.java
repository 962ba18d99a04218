package dev.userservice.load;

import dev.userservice.config.Address;
import dev.userservice.config.LoadConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/** Results as JSON, for other programs. Latencies are microseconds. */
final class Report {

  private Report() {}

  static JsonObject of(LoadConfig config, List<LoadResult> results) {
    JsonArray addresses = new JsonArray();
    config.client().addresses().stream().map(Address::toString).forEach(addresses::add);
    JsonArray loads = new JsonArray();
    results.forEach(result -> loads.add(load(config, result)));
    return new JsonObject()
        .put("addresses", addresses)
        .put("connections", config.connections())
        .put("messages", config.messages())
        .put("warmupSeconds", config.warmupSeconds())
        .put("loads", loads);
  }

  private static JsonObject load(LoadConfig config, LoadResult result) {
    JsonObject latencies = new JsonObject();
    for (double percentile : LoadResult.PERCENTILES) {
      String name = "p" + BigDecimal.valueOf(percentile).stripTrailingZeros().toPlainString();
      latencies.put(name, result.micros(percentile));
    }
    JsonObject failures = new JsonObject();
    result.failures().byStatus().forEach(failures::put);
    return new JsonObject()
        .put("name", result.name().toString())
        .put("inFlight", config.inFlight(result.name()))
        .put("callsPerSecondWanted", config.callsPerSecond())
        .put("calls", result.calls())
        .put("unstarted", result.unstarted())
        .put("failed", result.failures().all())
        .put("failures", failures)
        .put("seconds", rounded(result.seconds()))
        .put("callsPerSecond", rounded(result.callsPerSecond()))
        .put("messagesPerSecond", rounded(result.messagesPerSecond()))
        .put("latencyMicros", latencies.put("max", result.maxMicros()));
  }

  private static double rounded(double number) {
    return BigDecimal.valueOf(number).setScale(3, RoundingMode.HALF_UP).doubleValue();
  }
}
