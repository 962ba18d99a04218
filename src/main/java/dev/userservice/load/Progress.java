package dev.userservice.load;

import dev.userservice.console.StatusLine;
import java.io.PrintStream;

/** The progress of a load: on a terminal a redrawn bar, elsewhere one line at its start. */
final class Progress {

  private static final int BAR = 30;

  private final StatusLine line;

  Progress(PrintStream out, boolean terminal) {
    this.line = new StatusLine(out, terminal);
  }

  void start(String load, int warmupSeconds, int seconds) {
    line.plain("%s: %d s to warm up, %d s that count".formatted(load, warmupSeconds, seconds));
  }

  /**
   * @param done from 0 to 1
   * @param calls the number of successful calls so far
   */
  void update(String load, double done, long calls) {
    int full = (int) (done * BAR);
    String bar = "#".repeat(full) + ".".repeat(BAR - full);
    line.redraw("%-6s [%s] %3.0f %%  %,d calls".formatted(load, bar, done * 100, calls));
  }

  /** Clears the line. */
  void end() {
    line.clear();
  }
}
