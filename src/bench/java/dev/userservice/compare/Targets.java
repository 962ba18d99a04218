package dev.userservice.compare;

import dev.userservice.compare.Results.Row;
import dev.userservice.compare.Results.Spread;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The targets of this server, and whether it has reached them. */
final class Targets {

  private static final String P999 = "p99.9 µs";

  private static final String DIRECT = "grpc-java-direct";

  private static final List<Target> ALL =
      List.of(
          new Target("get-1", DIRECT, 1.03),
          new Target("get-32", DIRECT, 1.03),
          new Target("get-256", DIRECT, 1.03),
          new Target("get-called", DIRECT, 1.03),
          new Target("get-ids", DIRECT, 1.03),
          new Target("get-64k", DIRECT, 1),
          new Target("tls-get-256", DIRECT, 1),
          new Target("create-256", DIRECT, 1),
          new Target("list-1k", DIRECT, 2),
          new Target("tls-list-1k", DIRECT, 1),
          new Target("batch-packed", DIRECT, 2),
          new Target("batch", DIRECT, 1),
          new Target("chat-packed", DIRECT, 2),
          new Target("chat", DIRECT, 1),
          new Target("get-256", "floor", 0.85));

  private Targets() {}

  /**
   * @param least the min calls that ours has to answer in a CPU-second, as a multiple of the peer's
   */
  private record Target(String load, String peer, double least) {}

  static void write(Results results, StringBuilder out) {
    out.append("\n## Targets\n\n| Load | against | at least | measured | reached |\n");
    out.append("|---|---|--:|--:|---|\n");
    for (Target target : ALL) {
      line(results, out, target.load, target.peer, target.least, Results::perCpuSecond, "×");
    }
    line(results, out, "latency", DIRECT, 1, Targets::slowestPerSecond, "×, p99.9 at half load");
  }

  /** The p99.9 turned round, so that more is better as everywhere else. */
  private static double slowestPerSecond(Row row) {
    double micros = row.measured().more().getOrDefault(P999, 0.0);
    return micros > 0 ? 1e6 / micros : 0;
  }

  private static void line(
      Results results,
      StringBuilder out,
      String load,
      String peer,
      double least,
      ToDoubleFunction<Row> figure,
      String unit) {
    results.rows().stream()
        .filter(row -> row.load().name().equals(load) && row.peer().name().equals(peer))
        .findFirst()
        .map(row -> results.ratio(row.peer(), row.load(), figure))
        .ifPresent(
            theirs ->
                out.append(
                    String.format(
                        Locale.ROOT,
                        "| `%s` | %s | %s %s | %s | %s |%n",
                        load,
                        peer,
                        Table.shown(least),
                        unit,
                        turned(theirs),
                        1 / theirs.median() >= least ? "yes" : "**no**")));
  }

  /** Ours as a multiple of theirs. */
  private static String turned(Spread theirs) {
    return "**%s** (%s–%s)"
        .formatted(
            Table.ratio(1 / theirs.median()),
            Table.ratio(1 / theirs.high()),
            Table.ratio(1 / theirs.low()));
  }
}
