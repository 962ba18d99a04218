package dev.userservice.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The options of a comparison: loads, peers and time.
 *
 * @param seconds the time for which each load is measured
 * @param restart true if the servers of all loads are started again for each round
 * @param out the folder for the table, the chart and the figures
 */
record Options(
    List<Load> loads, List<Peer> peers, int rounds, double seconds, boolean restart, Path out) {

  private static final List<String> QUICK_LOADS =
      List.of("get-256", "list-1k", "batch-packed", "chat-packed");

  private static final List<String> QUICK_PEERS =
      List.of(Peer.OURS, "grpc-java-direct", "floor");

  /**
   * Reads a command line; fails with what is wrong in it.
   *
   * @param all peers
   */
  static Options read(String[] args, List<Peer> all) {
    List<String> line = new ArrayList<>(List.of(args));
    boolean quick = line.remove("--quick");
    boolean restart = line.remove("--restart");
    List<String> loads = quick ? QUICK_LOADS : Load.ALL.stream().map(Load::name).toList();
    List<String> peers = quick ? QUICK_PEERS : all.stream().map(Peer::name).toList();
    int rounds = quick ? 1 : 5;
    double seconds = quick ? 1 : 5;
    Path out = quick ? Path.of("target", "bench", "results") : Path.of("src", "bench", "results");
    for (int i = 0; i < line.size(); i += 2) {
      String option = line.get(i);
      if (i + 1 == line.size()) {
        throw new IllegalArgumentException(option + " needs a value");
      }
      String value = line.get(i + 1);
      switch (option) {
        case "--loads" -> loads = List.of(value.split(","));
        case "--peers" -> peers = List.of(value.split(","));
        case "--rounds" -> rounds = (int) number(option, value, 1, 100);
        case "--seconds" -> seconds = number(option, value, 0.1, 600);
        case "--out" -> out = Path.of(value);
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    return new Options(
        loads.stream().map(Load::named).toList(),
        peers.stream().map(name -> peer(name, all)).toList(),
        rounds,
        seconds,
        restart,
        out);
  }

  /** Returns what was read from a command line; a wrong one ends the program with exit code 2. */
  static <T> T orExit(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (IllegalArgumentException e) {
      System.err.println("run.sh: " + e.getMessage());
      System.exit(2);
      throw e;
    }
  }

  /** The folder for what the programs write beside their results. */
  static Path scratch() throws IOException {
    return Files.createDirectories(Path.of("target", "bench", "scratch").toAbsolutePath());
  }

  /** Their numbers, from 1. */
  List<Integer> everyRound() {
    return IntStream.rangeClosed(1, rounds).boxed().toList();
  }

  /** A command line without an option that takes no value. */
  static String[] without(String option, String[] args) {
    return Stream.of(args).filter(arg -> !arg.equals(option)).toArray(String[]::new);
  }

  private static double number(String option, String value, double least, double most) {
    try {
      double number = Double.parseDouble(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, as any other number that is not taken.
    }
    throw new IllegalArgumentException(
        option + " takes a number from " + least + " to " + most + ", got " + value);
  }

  private static Peer peer(String name, List<Peer> all) {
    return all.stream()
        .filter(peer -> peer.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown peer " + name + "; the peers are " + all.stream().map(Peer::name).toList()));
  }
}
