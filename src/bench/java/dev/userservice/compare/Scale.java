package dev.userservice.compare;

import dev.userservice.kit.Certificate;
import dev.userservice.compare.Peer.Protocol;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The costs of ours as it grows: with more users, more open streams, more instances. Writes
 * scale.md; src/bench/run.sh starts it.
 */
final class Scale {

  private static final List<Integer> USERS = List.of(1_000, 10_000, 100_000, 1_000_000, 10_000_000);
  private static final List<Integer> STREAMS = List.of(100, 1_000, 10_000);

  /** Fewer than a connection may have: a call has to come through beside them. */
  private static final int STREAMS_PER_CONNECTION = 50;

  private final Vertx vertx = Vertx.vertx();
  private final Path scratch;
  private final Certificate identity;
  private final double seconds;
  private final H2load h2load;
  private final StringBuilder out = new StringBuilder();

  private Scale(Path scratch, double seconds) throws Exception {
    this.scratch = scratch;
    this.seconds = seconds;
    identity = Certificate.make(scratch, "server");
    h2load = new H2load(scratch, new LinkedHashMap<>());
  }

  public static void main(String[] args) throws Exception {
    Path scratch = Options.scratch();
    List<Peer> peers = new Peers(scratch).all();
    Options options = Options.orExit(() -> Options.read(Options.without("--scale", args), peers));
    Scale scale = new Scale(scratch, options.seconds());
    scale.run();
    Files.createDirectories(options.out());
    Files.writeString(options.out().resolve("scale.md"), scale.out);
    scale.vertx.close().await(10, TimeUnit.SECONDS);
    System.exit(0);
  }

  private void run() throws Exception {
    line("# What user-service costs as it grows");
    line("");
    line("%s; %s. Memory store; each figure of %s s.",
        LocalDate.now(ZoneOffset.UTC), Report.machine(), Table.shown(seconds));
    line("");
    line("| Users | memory MB | bytes a user | GetUser, CPU µs | ListUsers of 1,000, CPU µs |");
    line("|--:|--:|--:|--:|--:|");
    for (int users : USERS) {
      users(users);
    }
    line("");
    line("Memory is what the heap holds after a collection.");
    line("");
    line("| Open streams | memory MB | KB a stream | idle, CPU % | GetUser beside them, CPU µs |");
    line("|--:|--:|--:|--:|--:|");
    for (int streams : STREAMS) {
      streams(streams);
    }
    line("");
    line("| Instances | GetUser/s, 256 in flight | CPU µs |");
    line("|--:|--:|--:|");
    for (int instances = 1; instances <= Runtime.getRuntime().availableProcessors(); instances++) {
      instances(instances);
    }
  }

  private void users(int users) throws Exception {
    try (ServerProcess server = start(8_192, "--instances", "1")) {
      double empty = heapMegabytes(server.pid());
      server.fill(users);
      double heap = heapMegabytes(server.pid());
      Measured get = h2load.run(server, Load.named("get-32"), seconds);
      Measured list = h2load.run(server, Load.named("list-1k"), seconds);
      line(
          "| %,d | %s | %s | %s | %s |",
          users,
          Table.shown(heap),
          Table.shown((heap - empty) * 1_024 * 1_024 / users),
          Table.shown(get.cpuMicrosPerCall()),
          Table.shown(list.cpuMicrosPerCall()));
    }
  }

  private void streams(int streams) throws Exception {
    try (ServerProcess server = start(2_048, "--instances", "1")) {
      server.fill(1_000);
      Load load =
          Load.named("idle-1k").of(streams / STREAMS_PER_CONNECTION, STREAMS_PER_CONNECTION);
      Measured idle =
          new IdleStreams(h2load, of -> heapMegabytes(of.pid())).run(server, load, seconds);
      line(
          "| %,d | %s | %s | %s | %s |",
          streams,
          Table.shown(server.residentMegabytes()),
          Table.shown(idle.more().get("KB a stream")),
          Table.shown(idle.more().get("idle CPU %")),
          Table.shown(idle.cpuMicrosPerCall()));
    }
  }

  private void instances(int instances) throws Exception {
    try (ServerProcess server = start(256, "--instances", Integer.toString(instances))) {
      Measured get = h2load.run(server, Load.named("get-256"), seconds);
      line(
          "| %d | %s | %s |",
          instances, Table.shown(get.callsPerSecond()), Table.shown(get.cpuMicrosPerCall()));
    }
  }

  private ServerProcess start(int heapMegabytes, String... more) throws Exception {
    Peer ours =
        new Peer(
            Peer.OURS,
            Peer.OURS,
            Protocol.GRPC,
            true,
            true,
            Set.of(),
            "",
            false,
            Map.of(),
            launch ->
                List.of(
                    Peers.oursWith(
                        new Peer.Launch(launch.port(), heapMegabytes, null, null),
                        new JsonObject(),
                        more)));
    return ServerProcess.startEmpty(vertx, ours, Load.Group.READS, scratch, identity);
  }

  /** The live objects on the heap of a JVM, counted by its own tool after a full collection. */
  private static double heapMegabytes(long pid) throws Exception {
    String histogram =
        Tool.run(List.of("jcmd", Long.toString(pid), "GC.class_histogram"), 120).strip();
    String total = histogram.substring(histogram.lastIndexOf("Total")).strip();
    String[] words = total.split("\\s+");
    if (words.length < 3) {
      throw new IOException("jcmd does not say what is on the heap");
    }
    return Long.parseLong(words[2]) / 1_048_576.0;
  }

  private void line(String format, Object... values) {
    String line = values.length == 0 ? format : String.format(Locale.ROOT, format, values);
    out.append(line).append('\n');
    System.out.println(line);
  }
}
