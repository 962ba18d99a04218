package dev.userservice.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** All that was measured, of all rounds. */
final class Results {

  private final List<Row> rows = new ArrayList<>();

  /**
   * One server under one load in one round.
   *
   * @param measured null when it failed
   * @param failure why it failed; empty when it did not
   * @param idleMegabytes its memory before the first load
   * @param megabytes its memory after this load
   */
  record Row(
      int round,
      Peer peer,
      Load load,
      Measured measured,
      String failure,
      double idleMegabytes,
      double megabytes) {}

  /** A median, and what it lies between. */
  record Spread(double low, double median, double high) {

    static Spread of(DoubleStream values) {
      double[] sorted = values.sorted().toArray();
      int middle = sorted.length / 2;
      double median =
          sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
      return new Spread(sorted[0], median, sorted[sorted.length - 1]);
    }
  }

  void add(Row row) {
    rows.add(row);
  }

  List<Row> rows() {
    return rows;
  }

  List<Load> loads() {
    return Load.ALL.stream()
        .filter(load -> rows.stream().anyMatch(row -> row.load().equals(load)))
        .toList();
  }

  /** The peers of a load, ours first. */
  List<Peer> peers(Load load) {
    return rows.stream()
        .filter(row -> row.load().equals(load))
        .map(Row::peer)
        .distinct()
        .sorted(Comparator.comparingInt(peer -> Peers.ORDER.indexOf(peer.name())))
        .toList();
  }

  List<Row> measured(Peer peer, Load load) {
    return rows.stream()
        .filter(row -> row.peer().equals(peer) && row.load().equals(load))
        .filter(row -> row.measured() != null)
        .toList();
  }

  String failure(Peer peer, Load load) {
    return rows.stream()
        .filter(row -> row.peer().equals(peer) && row.load().equals(load))
        .map(Row::failure)
        .filter(failure -> !failure.isEmpty())
        .findFirst()
        .orElse("");
  }

  /**
   * A figure of a peer, as a multiple of ours in the same round; null when no round has both.
   *
   * @param figure that of one row; not above 0 when it has none
   */
  Spread ratio(Peer peer, Load load, ToDoubleFunction<Row> figure) {
    List<Double> ratios = new ArrayList<>();
    for (Row row : measured(peer, load)) {
      OptionalDouble ours =
          rows.stream()
              .filter(other -> other.peer().isOurs() && other.load().equals(load))
              .filter(other -> other.round() == row.round() && other.measured() != null)
              .mapToDouble(figure)
              .findFirst();
      double theirs = figure.applyAsDouble(row);
      if (ours.isPresent() && ours.getAsDouble() > 0 && theirs > 0) {
        ratios.add(theirs / ours.getAsDouble());
      }
    }
    return ratios.isEmpty()
        ? null
        : Spread.of(ratios.stream().mapToDouble(Double::doubleValue));
  }

  /** The number of calls that a CPU-second of the server answers. */
  static double perCpuSecond(Row row) {
    Measured measured = row.measured();
    return measured.cpuSeconds() > 0 ? measured.calls() / measured.cpuSeconds() : 0;
  }

  boolean oursFailed() {
    return rows.stream().anyMatch(row -> row.peer().isOurs() && row.measured() == null);
  }
}
