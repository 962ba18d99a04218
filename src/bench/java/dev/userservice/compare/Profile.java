package dev.userservice.compare;

import dev.userservice.kit.Certificate;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import one.profiler.AsyncProfilerLoader;

/**
 * Shows where ours spends its CPU time under a load: a flame graph by async-profiler.
 * src/bench/run.sh starts it.
 */
final class Profile {

  private Profile() {}

  public static void main(String[] args) throws Exception {
    Path scratch = Options.scratch();
    List<Peer> peers = new Peers(scratch).all();
    List<String> line = new ArrayList<>(List.of(args));
    Load load = Options.orExit(() -> takeLoad(line));
    Options options = Options.orExit(() -> Options.read(line.toArray(String[]::new), peers));
    Vertx vertx = Vertx.vertx();
    Peer ours = options.peers().stream().filter(Peer::isOurs).findFirst().orElseThrow();
    Files.createDirectories(options.out());
    Path graph = options.out().resolve("profile-" + load.name() + ".html").toAbsolutePath();
    Certificate identity = Certificate.make(scratch, "server");
    Generator generator = new Generators(vertx, scratch, new LinkedHashMap<>()).of(ours, load);
    try (ServerProcess server = ServerProcess.start(vertx, ours, load.group(), scratch, identity)) {
      // Once to warm it up.
      generator.run(server, load, options.seconds());
      String pid = Long.toString(server.pid());
      profiler("start", "-e", "itimer", "-t", pid);
      Measured measured = generator.run(server, load, options.seconds());
      profiler("stop", "-o", "flamegraph", "-f", graph.toString(), pid);
      System.out.printf(
          "%s: %.1f CPU µs/call, %s%n", load.name(), measured.cpuMicrosPerCall(), graph);
    }
    vertx.close().await(10, TimeUnit.SECONDS);
    System.exit(0);
  }

  /** Takes --profile and the name behind it out of the command line. */
  private static Load takeLoad(List<String> line) {
    int at = line.indexOf("--profile");
    if (at + 1 == line.size()) {
      throw new IllegalArgumentException("--profile needs the name of a load");
    }
    line.remove(at);
    return Load.named(line.remove(at));
  }

  private static void profiler(String... arguments) throws Exception {
    AsyncProfilerLoader.executeProfiler(arguments);
  }
}
