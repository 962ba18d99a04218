package dev.userservice.load;

import dev.userservice.console.StatusLine;
import java.io.PrintStream;

/** How far a load is: on a terminal a bar in one line, elsewhere one line when it begins. */
final class Progress {

  private static final int BAR = 30;

  private final StatusLine line;

  Progress(PrintStream out, boolean terminal) {
    this.line = new StatusLine(out, terminal);
  }

  void begins(String load, int warmupSeconds, int seconds) {
    line.plain("%s: %d s to warm up, %d s that count".formatted(load, warmupSeconds, seconds));
  }

  /**
   * @param done from 0 to 1
   * @param calls that have ended well so far
   */
  void goesOn(String load, double done, long calls) {
    int full = (int) (done * BAR);
    String bar = "#".repeat(full) + ".".repeat(BAR - full);
    line.redraw("%-6s [%s] %3.0f %%  %,d calls".formatted(load, bar, done * 100, calls));
  }

  /** Leaves an empty line to whatever comes next. */
  void ends() {
    line.clear();
  }
}
