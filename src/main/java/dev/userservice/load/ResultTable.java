package dev.userservice.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Results as a Markdown table, aligned for a terminal. Latencies are milliseconds. */
final class ResultTable {

  private static final List<String> HEAD =
      List.of(
          "load",
          "calls",
          "calls/s",
          "messages/s",
          "p50 ms",
          "p99 ms",
          "p99.9 ms",
          "p99.99 ms",
          "max ms",
          "failures");

  private ResultTable() {}

  static String of(List<LoadResult> results) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    results.forEach(result -> rows.add(row(result)));
    int[] widths = new int[HEAD.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      line(table, row, widths);
      if (row == HEAD) {
        rule(table, widths);
      }
    }
    return table.toString();
  }

  private static List<String> row(LoadResult result) {
    List<String> row = new ArrayList<>();
    row.add(result.name().toString());
    row.add(number("%,d", result.calls()));
    row.add(number("%,.0f", result.callsPerSecond()));
    row.add(number("%,.0f", result.messagesPerSecond()));
    for (double percentile : new double[] {50, 99, 99.9, 99.99}) {
      row.add(millis(result, result.micros(percentile)));
    }
    row.add(millis(result, result.maxMicros()));
    row.add(number("%,d", result.failures().all()));
    return row;
  }

  private static String millis(LoadResult result, long micros) {
    return result.latencies().getTotalCount() == 0 ? "-" : number("%,.2f", micros / 1_000.0);
  }

  private static String number(String format, Object number) {
    return String.format(Locale.ROOT, format, number);
  }

  private static void line(StringBuilder table, List<String> row, int[] widths) {
    for (int i = 0; i < widths.length; i++) {
      String format = i == 0 ? "| %-" + widths[i] + "s |" : " %" + widths[i] + "s |";
      table.append(format.formatted(row.get(i)));
    }
    table.append(System.lineSeparator());
  }

  private static void rule(StringBuilder table, int[] widths) {
    for (int i = 0; i < widths.length; i++) {
      String dashes = "-".repeat(widths[i] + 1);
      table.append(i == 0 ? "|" + dashes + "-|" : dashes + ":|");
    }
    table.append(System.lineSeparator());
  }
}
