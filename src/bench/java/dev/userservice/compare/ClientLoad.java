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

  private static final int TIMEOUT_SECONDS = 120;

  /** The client is a JVM too, another one for each load, and a cold one keeps the server waiting. */
  private static final int WARM_UP_SECONDS = 15;

  private final Path scratch;
  private final Map<String, String> commands;

  /**
   * @param commands where the command line of each load goes
   */
  ClientLoad(Path scratch, Map<String, String> commands) {
    this.scratch = scratch;
    this.commands = commands;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    JsonObject config =
        new JsonObject()
            .put("addresses", new JsonArray().add("127.0.0.1:" + server.port()))
            .put("loads", new JsonArray().add(name(load)))
            .put("inFlight", load.inFlight())
            .put("connections", load.connections())
            .put("messages", load.messages())
            .put("seconds", Math.max(1, Math.round(seconds)))
            .put("warmupSeconds", WARM_UP_SECONDS)
            .put("deadlineMillis", 30_000);
    if (load.kind() == Load.Kind.LATENCY) {
      double most = run(server, load, config).callsPerSecond();
      config.put("callsPerSecond", Math.max(1, Math.round(most / 2)));
    }
    return run(server, load, config);
  }

  private Measured run(ServerProcess server, Load load, JsonObject config) throws Exception {
    Path report = scratch.resolve("report.json");
    Files.deleteIfExists(report);
    config.put("reportFile", report.toString());
    List<String> command =
        List.of(
            "java", "-jar", Peers.JAR, "dev.userservice.LoadVerticle", "--conf", config.encode());
    if (server.peer().isOurs()) {
      commands.put(
          load.name(),
          String.join(" ", command)
              .replace(scratch + "/", "")
              .replace(":" + server.port(), ":PORT"));
    }
    try (CpuSamples cpu = new CpuSamples(server)) {
      Tool.run(command, TIMEOUT_SECONDS);
      JsonObject result =
          new JsonObject(Files.readString(report)).getJsonArray("loads").getJsonObject(0);
      if (result.getInteger("failed") > 0) {
        throw new IllegalStateException("calls failed: " + result.getJsonObject("failures"));
      }
      double seconds = result.getDouble("seconds");
      // It writes its report when the time that counts is over.
      long end = Files.getLastModifiedTime(report).toMillis();
      return new Measured(
          result.getDouble("callsPerSecond") * seconds,
          seconds,
          cpu.between(end - Math.round(seconds * 1_000), end),
          latencies(load, result.getJsonObject("latencyMicros")));
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
