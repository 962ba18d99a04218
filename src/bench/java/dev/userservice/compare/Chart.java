package dev.userservice.compare;

import dev.userservice.compare.Results.Spread;
import java.util.List;
import java.util.Locale;

/**
 * The calls that a CPU-second of each server answers, as a multiple of ours: a bar from 1 to the
 * left or to the right, on a scale on which twice and half are as far away, with a line from the
 * lowest to the highest round. One file without anything from outside, for light and dark pages.
 */
final class Chart {

  private static final int LABEL_WIDTH = 230;
  private static final int PLOT_WIDTH = 470;
  private static final int VALUE_WIDTH = 60;
  private static final int ROW_HEIGHT = 18;
  private static final int HEAD_HEIGHT = 30;

  /** Powers of two at the ends of the scale: 1/64 to 4. */
  private static final int LOWEST = -6;

  private static final int HIGHEST = 2;

  private static final String STYLE =
      """
      <style>
      text { font: 12px sans-serif; fill: #24292f }
      .load { font-weight: bold }
      .grid { stroke: #d0d7de }
      .ours { stroke: #57606a }
      .spread { stroke: #24292f; stroke-width: 1.5 }
      .less { fill: #8c959f }
      .more { fill: #2da44e }
      @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 }
        .grid { stroke: #30363d }
        .ours { stroke: #8b949e }
        .spread { stroke: #e6edf3 }
        .less { fill: #6e7681 }
      }
      </style>
      """;

  private final Results results;
  private final StringBuilder body = new StringBuilder();
  private int y = HEAD_HEIGHT;

  Chart(Results results) {
    this.results = results;
  }

  String svg() {
    results.loads().forEach(this::load);
    int width = LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH;
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n"
            .formatted(width, y + ROW_HEIGHT, width, y + ROW_HEIGHT)
        + "<title>Calls per CPU-second of the server, user-service = 1</title>\n"
        + STYLE
        + grid()
        + body
        + "</svg>\n";
  }

  private String grid() {
    StringBuilder grid = new StringBuilder();
    for (int power = LOWEST; power <= HIGHEST; power++) {
      double x = x(Math.pow(2, power));
      String label = power < 0 ? "1/" + (1 << -power) : Integer.toString(1 << power);
      grid.append(text(x, HEAD_HEIGHT - 12, "", "middle", label + "×"));
      grid.append(line(power == 0 ? "ours" : "grid", x, HEAD_HEIGHT - 6, x, y));
    }
    return grid.toString();
  }

  private void load(Load load) {
    List<Peer> others = results.peers(load).stream().filter(peer -> !peer.isOurs()).toList();
    y += ROW_HEIGHT;
    body.append(text(4, y + 4, "load", "start", load.title()));
    y += 8;
    for (Peer peer : others) {
      Spread ratio = results.ratio(peer, load, Results::perCpuSecond);
      if (ratio != null) {
        bar(peer, ratio);
      }
    }
    y += 4;
  }

  private void bar(Peer peer, Spread ratio) {
    double ours = x(1);
    double end = x(ratio.median());
    body.append(text(LABEL_WIDTH - 8, y + 12, "", "end", peer.label()));
    body.append(
        String.format(
            Locale.ROOT,
            "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>%n",
            ratio.median() < 1 ? "less" : "more",
            Math.min(ours, end),
            y + 3,
            Math.abs(end - ours),
            ROW_HEIGHT - 6));
    double middle = y + ROW_HEIGHT / 2.0;
    body.append(line("spread", x(ratio.low()), middle, x(ratio.high()), middle));
    body.append(
        text(
            LABEL_WIDTH + PLOT_WIDTH + 8, y + 12, "", "start", Table.ratio(ratio.median()) + "×"));
    y += ROW_HEIGHT;
  }

  private static double x(double ratio) {
    double power = Math.log(ratio) / Math.log(2);
    double bounded = Math.max(LOWEST, Math.min(HIGHEST, power));
    return LABEL_WIDTH + PLOT_WIDTH * (bounded - LOWEST) / (HIGHEST - LOWEST);
  }

  private static String text(double x, double y, String kind, String anchor, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("*", "");
    return String.format(
        Locale.ROOT,
        "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
        kind,
        x,
        y,
        anchor,
        escaped);
  }

  private static String line(String kind, double x1, double y1, double x2, double y2) {
    return String.format(
        Locale.ROOT,
        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
        kind,
        x1,
        y1,
        x2,
        y2);
  }
}
