package dev.userservice.fuzz;

import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JvmCommands;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A small server in a JVM of its own, and its state as seen from outside. */
final class FuzzedServer implements AutoCloseable {

  /** Reports each leaked buffer, with the code that held it. */
  private static final List<String> JVM =
      List.of(
          "-Xmx256m",
          "-Dio.netty.leakDetection.level=paranoid",
          "-Dio.netty.leakDetection.targetRecords=20",
          "-XX:-OmitStackTraceInFastThrow");

  private static final Pattern MANAGEMENT = Pattern.compile("management: .*:(\\d+)$");
  private static final Pattern HISTOGRAM =
      Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(\\S+).*");

  /** Objects that exist once for each connection, call or timer. */
  private static final Predicate<String> COUNTED =
      Pattern.compile(
              "dev\\.userservice\\.(rpc|user)\\..*"
                  + "|io\\.vertx\\.core\\.impl\\.VertxImpl\\$InternalTimerHandler"
                  + "|io\\.vertx\\.core\\.http\\.impl\\..*(Stream|Connection|Request|Response)"
                  + "|io\\.netty\\.util\\.concurrent\\.ScheduledFutureTask"
                  + "|io\\.netty\\.channel\\.socket\\.nio\\.NioSocketChannel"
                  + "|io\\.netty\\.handler\\.codec\\.http2\\..*Default(Stream|Http2Connection)")
          .asMatchPredicate();

  /**
   * The live objects of the server.
   *
   * @param heapBytes after a full garbage collection
   * @param objects by class, of kinds that exist once for each connection, call or timer
   */
  record Census(long heapBytes, Map<String, Long> objects, long openFiles) {}

  private final HttpClient http = HttpClient.newHttpClient();
  private final JavaProcess program;
  private final int port;
  private final int managementPort;
  private final JvmCommands commands;
  private int errorsSeen;

  private FuzzedServer(JavaProcess program) throws IOException {
    this.program = program;
    List<String> lines = program.startLines();
    port = JavaProcess.port(lines);
    Matcher management = MANAGEMENT.matcher(String.join("\n", lines.subList(0, lines.size() - 1)));
    if (!management.find()) {
      throw new IllegalStateException("no management port in " + lines);
    }
    managementPort = Integer.parseInt(management.group(1));
    commands = new JvmCommands(program.process().pid());
  }

  /**
   * Starts one on free ports.
   *
   * @param folder for its stderr
   */
  static FuzzedServer start(Path folder, JsonObject config) throws Exception {
    JsonObject all =
        new JsonObject()
            .put("port", 0)
            .put("management", new JsonObject().put("port", 0))
            .put("log", "json")
            .mergeIn(config);
    JavaProcess program = JavaProcess.start(folder, Map.of(), JVM, "--conf", all.encode());
    try {
      return new FuzzedServer(program);
    } catch (Throwable failure) {
      program.kill();
      throw failure;
    }
  }

  int port() {
    return port;
  }

  /** The CPU time of all its threads so far. */
  Duration cpuTime() {
    return program.process().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  boolean isAlive() {
    return program.process().isAlive();
  }

  /** The lines of stderr since the last call, without harmless ones. */
  List<String> newErrors() {
    List<String> lines = program.errors().lines().toList();
    List<String> fresh =
        new ArrayList<>(lines.subList(Math.min(errorsSeen, lines.size()), lines.size()));
    errorsSeen = lines.size();
    fresh.removeIf(FuzzedServer::isHarmless);
    return fresh;
  }

  private static boolean isHarmless(String line) {
    try {
      JsonObject record = new JsonObject(line);
      String message = record.getString("message", "");
      return switch (record.getString("severity", "")) {
        case "ERROR" -> false;
        case "WARN" ->
            // The second one is about wall time, which a busy machine prolongs.
            message.contains("speaks no HTTP") || message.contains("has been blocked for");
        default -> true;
      };
    } catch (DecodeException notOfTheLog) {
      return false;
    }
  }

  /** Each metric, with its labels; those of a name are summed under the name too. */
  Map<String, Double> metrics() throws IOException, InterruptedException {
    Map<String, Double> metrics = new TreeMap<>();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + "/metrics"))
            .timeout(Duration.ofSeconds(20))
            .build();
    http.send(request, BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              String name = line.substring(0, line.lastIndexOf(' '));
              double value = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
              metrics.merge(name, value, Double::sum);
              if (name.contains("{")) {
                metrics.merge(name.substring(0, name.indexOf('{')), value, Double::sum);
              }
            });
    return metrics;
  }

  /** Collects all garbage, and counts the live objects. */
  Census census() throws IOException, InterruptedException {
    long bytes = 0;
    Map<String, Long> objects = new TreeMap<>();
    for (String line : commands.run("GC.class_histogram").lines().toList()) {
      Matcher entry = HISTOGRAM.matcher(line);
      if (entry.matches()) {
        bytes += Long.parseLong(entry.group(2));
        if (COUNTED.test(entry.group(3))) {
          objects.put(entry.group(3), Long.parseLong(entry.group(1)));
        }
      }
    }
    return new Census(bytes, objects, metrics().get("process_files_open_files").longValue());
  }

  /** Collects all garbage, so that Netty finds leaked buffers. */
  void collectGarbage() throws IOException {
    commands.run("GC.run");
  }

  @Override
  public void close() throws InterruptedException {
    program.kill();
  }
}
