package dev.userservice.load;

import java.util.List;
import java.util.Locale;

/**
 * Latency by percentile, one line per load, as a self-contained SVG. Each step to the right holds a
 * tenth of the calls of the step before (90 %, 99 %, ...); each step up is ten times the latency.
 * The slowest calls so get as much room as all others, and loads of any length fit.
 */
final class Chart {

  private static final int WIDTH = 860;
  private static final int HEIGHT = 460;
  private static final int LEFT = 80;
  private static final int TOP = 60;
  private static final int PLOT_WIDTH = 640;
  private static final int PLOT_HEIGHT = 330;

  /** The last step: 99.999 %. */
  private static final double DECADES = 5;

  private static final int POINTS = 250;
  private static final String[] STEPS = {"0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"};

  /** Colours that colour-blind readers can distinguish too, on light and on dark. */
  private static final String STYLE =
      """
      <style>
        svg { background: #ffffff; color: #1f2328; font: 13px system-ui, sans-serif }
        text { fill: currentColor }
        .grid { stroke: currentColor; stroke-opacity: .18 }
        .line { fill: none; stroke-width: 2.5 }
        .c0 { stroke: #0072b2 } .c1 { stroke: #d55e00 } .c2 { stroke: #009e73 }
        .c3 { stroke: #cc79a7 } .c4 { stroke: #b08900 }
        @media (prefers-color-scheme: dark) {
          svg { background: #0d1117; color: #e6edf3 }
          .c0 { stroke: #56b4e9 } .c1 { stroke: #ff9d5c } .c2 { stroke: #2fd3a4 }
          .c3 { stroke: #e6a5c8 } .c4 { stroke: #e9c93c }
        }
      </style>
      """;

  private final StringBuilder svg = new StringBuilder();
  private final double lowest;
  private final double decades;

  private Chart(List<LoadResult> results) {
    double low = Double.MAX_VALUE;
    double high = 1;
    for (LoadResult result : results) {
      low = Math.min(low, Math.max(1, result.micros(0)));
      high = Math.max(high, result.maxMicros());
    }
    lowest = Math.floor(Math.log10(Math.min(low, high)));
    decades = Math.max(1, Math.ceil(Math.log10(high)) - lowest);
  }

  /**
   * @param about the line below the title
   */
  static String of(List<LoadResult> results, String about) {
    List<LoadResult> shown =
        results.stream().filter(result -> result.latencies().getTotalCount() > 0).toList();
    return new Chart(shown).draw(shown, about);
  }

  private String draw(List<LoadResult> results, String about) {
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">%n"
            .formatted(WIDTH, HEIGHT));
    svg.append(STYLE);
    text(LEFT, 24, "start", "Latency by percentile");
    text(LEFT, 44, "start", about);
    for (int step = 0; step < STEPS.length; step++) {
      double x = x(step);
      grid(x, TOP, x, TOP + PLOT_HEIGHT);
      text(x, TOP + PLOT_HEIGHT + 20, "middle", STEPS[step]);
    }
    for (int step = 0; step <= decades; step++) {
      double micros = Math.pow(10, lowest + step);
      double y = y(micros);
      grid(LEFT, y, LEFT + PLOT_WIDTH, y);
      text(LEFT - 8, y + 4, "end", duration(micros));
    }
    text(LEFT + PLOT_WIDTH / 2.0, HEIGHT - 20, "middle", "percentile of the calls");
    for (int i = 0; i < results.size(); i++) {
      line(results.get(i), i);
    }
    return svg.append("</svg>\n").toString();
  }

  /** Ends where the calls do: with a thousand of them, the line stops at 99.9 %. */
  private void line(LoadResult result, int colour) {
    double end = Math.min(DECADES, Math.log10(result.latencies().getTotalCount()));
    svg.append("<polyline class=\"line c%d\" points=\"".formatted(colour));
    for (int point = 0; point <= POINTS; point++) {
      double decade = end * point / POINTS;
      long micros = result.micros(100 * (1 - Math.pow(10, -decade)));
      svg.append(format("%.1f,%.1f ", x(decade), y(Math.max(1, micros))));
    }
    svg.append("\"/>\n");
    double y = TOP + 12 + colour * 22;
    double x = LEFT + PLOT_WIDTH + 20;
    svg.append(
        format(
            "<line class=\"line c%d\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
            colour, x, y - 4, x + 22, y - 4));
    text(x + 30, y, "start", result.name().toString());
  }

  private void grid(double x1, double y1, double x2, double y2) {
    svg.append(
        format(
            "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
            x1, y1, x2, y2));
  }

  private void text(double x, double y, String anchor, String words) {
    svg.append(
        format(
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
            x, y, anchor, escaped(words)));
  }

  private static double x(double decade) {
    return LEFT + PLOT_WIDTH * decade / DECADES;
  }

  private double y(double micros) {
    return TOP + PLOT_HEIGHT * (1 - (Math.log10(micros) - lowest) / decades);
  }

  private static String duration(double micros) {
    if (micros < 1_000) {
      return format("%.0f µs", micros);
    }
    return micros < 1_000_000
        ? format("%.0f ms", micros / 1_000)
        : format("%.0f s", micros / 1_000_000);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
