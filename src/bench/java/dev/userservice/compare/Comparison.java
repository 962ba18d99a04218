package dev.userservice.compare;

import dev.userservice.kit.Certificate;
import dev.userservice.compare.Results.Row;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Compares this server with others on the same machine, one under load at a time, in rounds: what
 * makes the machine slower for a while makes it slower for all of a round, and each figure is a
 * multiple of ours in the same round. src/bench/run.sh starts it and has the options.
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
    generators = new Generators(vertx, scratch, commands);
  }

  public static void main(String[] args) throws Exception {
    Path scratch = Options.scratch();
    List<Peer> peers = new Peers(scratch).all();
    Options options = Options.orExit(() -> Options.read(args, peers));
    Vertx vertx = Vertx.vertx();
    Comparison comparison = new Comparison(options, vertx, scratch);
    comparison.run();
    vertx.close().await(10, TimeUnit.SECONDS);
    System.exit(comparison.results.oursFailed() ? 1 : 0);
  }

  private void run() throws Exception {
    for (Load.Group group : Load.Group.values()) {
      List<Load> loads = options.loads().stream().filter(load -> load.group() == group).toList();
      if (options.restart() || group.startsAgain()) {
        for (int round : options.everyRound()) {
          for (Peer peer : inTurn(options.peers(), round)) {
            runAlone(round, peer, group, loads);
          }
          Report.write(options, results, commands);
        }
      } else {
        runBesideEachOther(group, loads);
      }
    }
  }

  /** In another order in each round. */
  private static <T> List<T> inTurn(List<T> all, int round) {
    List<T> order = new ArrayList<>(all);
    Collections.rotate(order, -(round - 1));
    return order;
  }

  /** Starts all servers, so that what is compared is seconds apart, and each is warmed up once. */
  private void runBesideEachOther(Load.Group group, List<Load> loads) throws Exception {
    List<ServerProcess> servers = new ArrayList<>();
    try {
      for (Peer peer : options.peers()) {
        start(peer, group, loads, options.everyRound()).ifPresent(servers::add);
      }
      for (Load load : loads) {
        for (int round : options.everyRound()) {
          for (ServerProcess server : inTurn(servers, round)) {
            runOne(round, server, load);
          }
        }
        // After each load: an hour is long, and what there is can be looked at.
        Report.write(options, results, commands);
      }
    } finally {
      servers.forEach(ServerProcess::close);
    }
  }

  private void runAlone(int round, Peer peer, Load.Group group, List<Load> loads) {
    start(peer, group, loads, List.of(round))
        .ifPresent(
            started -> {
              try (ServerProcess server = started) {
                loads.forEach(load -> runOne(round, server, load));
              }
            });
  }

  /**
   * Starts a peer. Notes a failure for its loads in these rounds.
   *
   * @return empty after a failure, and for a peer that takes none of the loads
   */
  private Optional<ServerProcess> start(
      Peer peer, Load.Group group, List<Load> loads, List<Integer> rounds) {
    List<Load> taken = loads.stream().filter(peer::takes).toList();
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    String failure = peer.missing();
    if (failure.isEmpty()) {
      try {
        ServerProcess server = ServerProcess.start(vertx, peer, group, scratch, identity);
        commands.put(peer.name(), String.join("; ", server.commands()));
        return Optional.of(server);
      } catch (Exception e) {
        failure = told(e);
      }
    }
    for (int round : rounds) {
      for (Load load : taken) {
        failed(round, peer, load, failure, 0);
      }
    }
    return Optional.empty();
  }

  /** Does nothing for a load that the server does not take. */
  private void runOne(int round, ServerProcess server, Load load) {
    Peer peer = server.peer();
    if (!peer.takes(load)) {
      return;
    }
    try {
      Measured measured = generators.of(peer, load).run(server, load, options.seconds());
      server.had(load);
      results.add(
          new Row(
              round,
              peer,
              load,
              measured,
              "",
              server.idleMegabytes(),
              server.residentMegabytes()));
      System.out.printf(
          "round %d  %-12s %-18s %10.0f calls/s %8.1f CPU µs/call%n",
          round,
          load.name(),
          peer.name(),
          measured.callsPerSecond(),
          measured.cpuMicrosPerCall());
    } catch (Exception e) {
      failed(round, peer, load, told(e), server.idleMegabytes());
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
