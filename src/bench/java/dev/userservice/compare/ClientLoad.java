package dev.userservice.compare;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The load of a real client, in a process of its own: LoadVerticle of our jar, which looks at each
 * answer, and sends each message in a frame of its own.
 *
 * <p>It costs more than the servers, and is what is slow where few cores are shared: only the CPU
 * time of the server is to be compared.
 */
final class ClientLoad implements Generator {

  private static final List<String> PERCENTILES = List.of("p50", "p90", "p99", "p99.9", "p99.99", "max");

  static final int TIMEOUT_SECONDS = 120;

  /** The client is a JVM too, another one for each load, and a cold one keeps the server waiting. */
  static final int WARM_UP_SECONDS = 15;

  private final Path scratch;
  private final Map<String, String> commands;

  /**
   * @param commands receives the command line of each load
   */
  ClientLoad(Path scratch, Map<String, String> commands) {
    this.scratch = scratch;
    this.commands = commands;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    JsonObject config = config(server, load, seconds);
    if (load.kind() == Load.Kind.LATENCY) {
      double most = run(server, load, config).callsPerSecond();
      config.put("callsPerSecond", Math.max(1, Math.round(most / 2)));
    }
    return run(server, load, config);
  }

  /** The configuration of LoadVerticle for a load, but for the file of its report. */
  static JsonObject config(ServerProcess server, Load load, double seconds) {
    return new JsonObject()
        .put("addresses", new JsonArray().add("127.0.0.1:" + server.port()))
        .put("loads", new JsonArray().add(name(load)))
        .put("inFlight", load.inFlight())
        .put("connections", load.connections())
        .put("messages", load.messages())
        .put("seconds", Math.max(1, Math.round(seconds)))
        .put("warmupSeconds", WARM_UP_SECONDS)
        .put("deadlineMillis", 30_000);
  }

  /** The command line of LoadVerticle. */
  static List<String> command(JsonObject config) {
    return List.of(
        "java", "-jar", Peers.JAR, "dev.userservice.LoadVerticle", "--conf", config.encode());
  }

  private Measured run(ServerProcess server, Load load, JsonObject config) throws Exception {
    Path report = scratch.resolve("report.json");
    Files.deleteIfExists(report);
    config.put("reportFile", report.toString());
    List<String> command = command(config);
    if (server.peer().isOurs()) {
      commands.put(
          load.name(),
          String.join(" ", command)
              .replace(scratch + "/", "")
              .replace(":" + server.port(), ":PORT"));
    }
    try (CpuSamples cpu = new CpuSamples(server::cpuSeconds)) {
      Tool.run(command, TIMEOUT_SECONDS);
      ClientReport result = ClientReport.read(report);
      return result.measured(
          cpu, latencies(load, result.load().getJsonObject("latencyMicros")));
    }
  }

  private static String name(Load load) {
    return switch (load.kind()) {
      case LATENCY, CLIENT_GET -> "get";
      case CLIENT_CREATE -> "create";
      case CLIENT_BATCH -> "batch";
      case CLIENT_CHAT -> "chat";
      default -> throw new IllegalArgumentException(load.name() + " is made by others");
    };
  }

  private static Map<String, Double> latencies(Load load, JsonObject micros) {
    Map<String, Double> latencies = new LinkedHashMap<>();
    if (load.kind() == Load.Kind.LATENCY) {
      PERCENTILES.forEach(name -> latencies.put(name + " µs", micros.getDouble(name)));
    }
    return latencies;
  }
}
