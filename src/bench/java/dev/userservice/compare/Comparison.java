package dev.userservice.compare;

import dev.userservice.kit.Certificate;
import dev.userservice.compare.Results.Row;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Compares this server with others, one after the other on the same machine, in rounds: what makes
 * the machine slower for a while makes it slower for all of a round, and each figure is a multiple
 * of ours in the same round. src/bench/run.sh starts it and has the options.
 *
 * <p>Exits with 1 when ours has failed, with 2 when it was called wrongly. A peer that fails is named
 * in the table.
 */
final class Comparison {

  private final Options options;
  private final Vertx vertx;
  private final Path scratch;
  private final Certificate identity;
  private final Map<String, String> commands = new LinkedHashMap<>();
  private final Results results = new Results();
  private final Generators generators;

  private Comparison(Options options, Vertx vertx, Path scratch) throws Exception {
    this.options = options;
    this.vertx = vertx;
    this.scratch = scratch;
    identity = Certificate.make(scratch, "server");
    generators = new Generators(scratch, commands);
  }

  public static void main(String[] args) throws Exception {
    Path scratch = Path.of("target", "bench", "scratch").toAbsolutePath();
    Files.createDirectories(scratch);
    Options options;
    try {
      options = Options.read(args, new Peers(scratch).all());
    } catch (IllegalArgumentException e) {
      System.err.println("run.sh: " + e.getMessage());
      System.exit(2);
      return;
    }
    Vertx vertx = Vertx.vertx();
    Comparison comparison = new Comparison(options, vertx, scratch);
    comparison.run();
    vertx.close().await(10, TimeUnit.SECONDS);
    System.exit(comparison.results.oursFailed() ? 1 : 0);
  }

  private void run() throws Exception {
    for (int round = 1; round <= options.rounds(); round++) {
      for (Load.Group group : Load.Group.values()) {
        List<Load> loads =
            options.loads().stream().filter(load -> load.group() == group).toList();
        List<Peer> peers = new ArrayList<>(options.peers());
        Collections.rotate(peers, -(round - 1));
        for (Peer peer : peers) {
          runOne(round, peer, group, loads.stream().filter(peer::takes).toList());
        }
      }
      // After each round: an hour is long, and what there is can be looked at.
      Report.write(options, results, commands);
    }
  }

  private void runOne(int round, Peer peer, Load.Group group, List<Load> loads) {
    if (loads.isEmpty()) {
      return;
    }
    if (!peer.missing().isEmpty()) {
      loads.forEach(load -> failed(round, peer, load, peer.missing(), 0));
      return;
    }
    try (ServerProcess server =
        ServerProcess.start(vertx, peer, group, scratch, identity)) {
      commands.put(peer.name(), String.join("; ", server.commands()));
      double idle = server.residentMegabytes();
      for (Load load : loads) {
        runOne(round, server, load, idle);
      }
    } catch (Exception e) {
      loads.forEach(load -> failed(round, peer, load, told(e), 0));
    }
  }

  private void runOne(int round, ServerProcess server, Load load, double idle) {
    try {
      Measured measured = generators.of(server.peer(), load).run(server, load, options.seconds());
      server.had(load);
      results.add(
          new Row(round, server.peer(), load, measured, "", idle, server.residentMegabytes()));
      System.out.printf(
          "round %d  %-12s %-18s %10.0f calls/s %8.1f CPU µs/call%n",
          round,
          load.name(),
          server.peer().name(),
          measured.callsPerSecond(),
          measured.cpuMicrosPerCall());
    } catch (Exception e) {
      failed(round, server.peer(), load, told(e), idle);
    }
  }

  private static String told(Exception failure) {
    return failure.getMessage() == null
        ? failure.getClass().getSimpleName()
        : failure.getMessage();
  }

  private void failed(int round, Peer peer, Load load, String why, double idle) {
    results.add(new Row(round, peer, load, null, "failed: " + why, idle, 0));
    System.out.printf("round %d  %-12s %-18s %s%n", round, load.name(), peer.name(), why);
  }
}
