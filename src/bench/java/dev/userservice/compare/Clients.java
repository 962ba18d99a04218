package dev.userservice.compare;

import dev.userservice.compare.Results.Spread;
import dev.userservice.kit.Certificate;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The cost of a GetUser for its caller: LoadVerticle and a client of grpc-java call the same
 * server, ours, in turn. Writes clients.md; src/bench/run.sh starts it.
 */
final class Clients {

  private static final String OURS = "**user-service**, LoadVerticle";

  private final Path scratch;
  private final Options options;

  private Clients(Path scratch, Options options) {
    this.scratch = scratch;
    this.options = options;
  }

  public static void main(String[] args) throws Exception {
    Path scratch = Options.scratch();
    List<Peer> peers = new Peers(scratch).all();
    Options options = Options.orExit(() -> Options.read(Options.without("--clients", args), peers));
    String table = new Clients(scratch, options).run();
    Files.createDirectories(options.out());
    Files.writeString(options.out().resolve("clients.md"), table);
    System.exit(0);
  }

  private String run() throws Exception {
    StringBuilder out = new StringBuilder();
    Table.line(out, "# What a call costs its caller");
    Table.line(out, "");
    Table.line(
        out,
        "%s; %s. Each figure is the median of %d rounds of %s s, in turn, with the lowest and the highest in brackets.",
        LocalDate.now(ZoneOffset.UTC),
        Report.machine(),
        options.rounds(),
        Table.shown(options.seconds()));
    Table.line(out, "The clients check each answer. %s", Versions.line());
    Vertx vertx = Vertx.vertx();
    Peer ours = options.peers().stream().filter(Peer::isOurs).findFirst().orElseThrow();
    Certificate identity = Certificate.make(scratch, "server");
    try (ServerProcess server =
        ServerProcess.start(vertx, ours, Load.Group.READS, scratch, identity)) {
      Load get = Load.named("get-ids");
      compare(server, get.of(4, 8), out);
      compare(server, get.of(1, 1), out);
    }
    vertx.close().await(10, TimeUnit.SECONDS);
    return out.toString();
  }

  private void compare(ServerProcess server, Load load, StringBuilder out) throws Exception {
    Path report = scratch.resolve("report.json");
    Map<String, List<String>> clients = new LinkedHashMap<>();
    clients.put(OURS, loadVerticle(server, load, report));
    clients.put("grpc-java, directExecutor", grpcJava("direct", server, load, report));
    clients.put("grpc-java", grpcJava("pool", server, load, report));
    Map<String, double[]> micros = new LinkedHashMap<>();
    clients.keySet().forEach(name -> micros.put(name, new double[options.rounds()]));
    for (int round = 0; round < options.rounds(); round++) {
      for (Map.Entry<String, List<String>> client : clients.entrySet()) {
        double took = cpuMicros(client.getValue(), report);
        micros.get(client.getKey())[round] = took;
        System.out.printf(
            "round %d, %d in flight, %s: %.1f CPU µs/call%n",
            round + 1, load.inFlight(), client.getKey(), took);
      }
    }
    Table.line(out, "");
    Table.line(out, "## %d in flight, connections: %d", load.inFlight(), load.connections());
    Table.line(out, "");
    Table.line(out, "| Client | CPU µs a call, of the client | × ours |");
    Table.line(out, "|---|--:|--:|");
    double[] base = micros.get(OURS);
    micros.forEach(
        (name, took) ->
            Table.line(
                out,
                "| %s | %s | %s |",
                name,
                spread(DoubleStream.of(took)),
                name.equals(OURS)
                    ? "1"
                    : spread(IntStream.range(0, took.length).mapToDouble(i -> took[i] / base[i]))));
  }

  private List<String> loadVerticle(ServerProcess server, Load load, Path report) {
    JsonObject config = ClientLoad.config(server, load, options.seconds());
    return ClientLoad.command(config.put("reportFile", report.toString()));
  }

  private List<String> grpcJava(String executor, ServerProcess server, Load load, Path report) {
    return List.of(
        "java",
        "-cp",
        Peers.grpcJavaClassPath(),
        GrpcJavaClient.class.getName(),
        executor,
        Integer.toString(server.port()),
        Integer.toString(load.connections()),
        Integer.toString(load.streams()),
        Integer.toString(ClientLoad.WARM_UP_SECONDS),
        Long.toString(Math.max(1, Math.round(options.seconds()))),
        report.toString());
  }

  private static double cpuMicros(List<String> command, Path report) throws Exception {
    Files.deleteIfExists(report);
    AtomicReference<CpuSamples> samples = new AtomicReference<>();
    Tool.run(
        command,
        ClientLoad.TIMEOUT_SECONDS,
        client -> samples.set(new CpuSamples(() -> ProcessCost.cpuSeconds(client.pid()))));
    try (CpuSamples cpu = samples.get()) {
      return ClientReport.read(report).measured(cpu, Map.of()).cpuMicrosPerCall();
    }
  }

  private static String spread(DoubleStream values) {
    Spread spread = Spread.of(values);
    return "%s (%s–%s)"
        .formatted(
            Table.shown(spread.median()), Table.shown(spread.low()), Table.shown(spread.high()));
  }
}
