package dev.userservice.compare;

import dev.userservice.compare.Results.Row;
import dev.userservice.compare.Results.Spread;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The measurements, in Markdown. */
final class Table {

  private final Options options;
  private final Results results;
  private final Map<String, String> commands;
  private final StringBuilder out = new StringBuilder();

  Table(Options options, Results results, Map<String, String> commands) {
    this.options = options;
    this.results = results;
    this.commands = commands;
  }

  String text() throws IOException {
    line("# user-service and its peers");
    line("");
    line("%s; %s.", LocalDate.now(ZoneOffset.UTC), Report.machine());
    line("%s", Versions.line());
    line("");
    int rounds = results.rows().stream().mapToInt(Row::round).max().orElse(0);
    line(
        "Each load %s s in each of %d rounds, with the servers in turn, in another order in each"
            + " round. Figures are medians; what stands behind × is a multiple of ours in the same"
            + " round, with the lowest and the highest in brackets. CPU is user and system time of"
            + " the server alone. Memory is resident, before the first load and after this one.%s",
        shown(options.seconds()),
        rounds,
        options.restart() ? " Each round has servers of its own." : "");
    line("");
    line("![Calls per CPU-second of the server, ours = 1](comparison.svg)");
    Targets.write(results, out);
    results.loads().forEach(this::load);
    commands();
    return out.toString();
  }

  private void load(Load load) {
    line("");
    line("## %s (`%s`)", load.title(), load.name());
    line("");
    if (load.kind() == Load.Kind.IDLE) {
      line("Calls are GetUser, 32 in flight, beside the streams; idle CPU is what those take with no call beside them.");
      line("");
    }
    List<String> more =
        results.rows().stream()
            .filter(row -> row.load().equals(load) && row.measured() != null)
            .flatMap(row -> row.measured().more().keySet().stream())
            .distinct()
            .toList();
    line(
        "| Server | calls/s | × | CPU µs/call | calls per CPU-second × | memory MB |%s",
        more.stream().map(name -> " " + name + " |").collect(Collectors.joining()));
    line("|---|--:|--:|--:|--:|--:|%s", "--:|".repeat(more.size()));
    results.peers(load).forEach(peer -> row(peer, load, more));
  }

  private void row(Peer peer, Load load, List<String> more) {
    List<Row> rows = results.measured(peer, load);
    if (rows.isEmpty()) {
      line("| %s | %s |", peer.label(), results.failure(peer, load).replace('|', '/'));
      return;
    }
    String others =
        more.stream()
            .map(name -> " " + shown(median(rows, row -> figure(row, name))) + " |")
            .collect(Collectors.joining());
    line(
        "| %s | %s | %s | %s | %s | %s to %s |%s",
        peer.label(),
        shown(median(rows, row -> row.measured().callsPerSecond())),
        ratio(peer, load, row -> row.measured().callsPerSecond()),
        shown(median(rows, row -> row.measured().cpuMicrosPerCall())),
        ratio(peer, load, Results::perCpuSecond),
        shown(median(rows, Row::idleMegabytes)),
        shown(median(rows, Row::megabytes)),
        others);
    String failure = results.failure(peer, load);
    if (!failure.isEmpty()) {
      line("| %s, some rounds | %s |", peer.label(), failure.replace('|', '/'));
    }
  }

  private static double figure(Row row, String name) {
    return row.measured().more().getOrDefault(name, 0.0);
  }

  private static double median(List<Row> rows, ToDoubleFunction<Row> figure) {
    return Spread.of(rows.stream().mapToDouble(figure)).median();
  }

  private String ratio(Peer peer, Load load, ToDoubleFunction<Row> figure) {
    if (peer.isOurs()) {
      return "1";
    }
    Spread ratio = results.ratio(peer, load, figure);
    return ratio == null
        ? ""
        : "**%s** (%s–%s)"
            .formatted(ratio(ratio.median()), ratio(ratio.low()), ratio(ratio.high()));
  }

  static String ratio(double ratio) {
    return String.format(Locale.ROOT, ratio < 0.1 ? "%.3f" : "%.2f", ratio);
  }

  /** With as many digits as can be meant. */
  static String shown(double number) {
    if (number >= 100) {
      return String.format(Locale.ROOT, "%,.0f", number);
    }
    return String.format(Locale.ROOT, number >= 10 ? "%.1f" : "%.2f", number)
        .replaceAll("\\.0+$", "");
  }

  private void commands() {
    line("");
    line("## Command lines");
    line("");
    line("```text");
    new TreeMap<>(commands)
        .forEach(
            (name, command) ->
                line(
                    "%-17s %s",
                    name,
                    command
                        .replaceAll("-cp \\S+", "-cp CLASS_PATH")
                        .replace(System.getProperty("user.dir") + "/", "")));
    line("```");
  }

  private void line(String format, Object... values) {
    line(out, format, values);
  }

  static void line(StringBuilder out, String format, Object... values) {
    out.append(values.length == 0 ? format : String.format(Locale.ROOT, format, values))
        .append('\n');
  }
}
