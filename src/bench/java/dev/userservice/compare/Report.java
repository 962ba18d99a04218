package dev.userservice.compare;

import dev.userservice.compare.Results.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes what was measured: a table, a chart, and all figures of all rounds. */
final class Report {

  private Report() {}

  /**
   * @param commands the command lines of servers and loads, by their names
   */
  static void write(Options options, Results results, Map<String, String> commands)
      throws IOException {
    Files.createDirectories(options.out());
    Files.writeString(
        options.out().resolve("comparison.md"), new Table(options, results, commands).text());
    Files.writeString(options.out().resolve("comparison.svg"), new Chart(results).svg());
    Files.write(options.out().resolve("comparison.csv"), csv(results));
  }

  private static List<String> csv(Results results) {
    String head = "round,peer,load,calls,seconds,cpu_seconds,idle_mb,mb,more,failure";
    return Stream.concat(Stream.of(head), results.rows().stream().map(Report::csv)).toList();
  }

  private static String csv(Row row) {
    Measured measured = row.measured();
    return Stream.of(
            row.round(),
            row.peer().name(),
            row.load().name(),
            measured == null ? "" : Math.round(measured.calls()),
            measured == null ? "" : "%.3f".formatted(measured.seconds()),
            measured == null ? "" : "%.2f".formatted(measured.cpuSeconds()),
            Math.round(row.idleMegabytes()),
            Math.round(row.megabytes()),
            measured == null ? "" : measured.more().toString().replace(",", ";"),
            row.failure().replaceAll("[,\\s]+", " "))
        .map(field -> String.format(Locale.ROOT, "%s", field))
        .collect(Collectors.joining(","));
  }

  /** The machine on which this runs. */
  static String machine() throws IOException {
    String model =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse(System.getProperty("os.arch"));
    return "%d cores, %s; Linux %s; Java %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            model,
            System.getProperty("os.version"),
            System.getProperty("java.version"));
  }
}
