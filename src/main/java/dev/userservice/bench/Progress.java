package dev.userservice.bench;

import java.io.PrintStream;

/** How far a load is: on a terminal a bar in one line, elsewhere one line when it begins. */
final class Progress {

  private static final int BAR = 30;
  private static final int LINE = 79;

  private final PrintStream out;
  private final boolean terminal;

  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  void begins(String load, int warmupSeconds, int seconds) {
    if (!terminal) {
      out.printf("%s: %d s to warm up, %d s that count%n", load, warmupSeconds, seconds);
    }
  }

  /**
   * @param done from 0 to 1
   * @param calls that have ended well so far
   */
  void goesOn(String load, double done, long calls) {
    if (terminal) {
      int full = (int) (done * BAR);
      String bar = "#".repeat(full) + ".".repeat(BAR - full);
      redraw("%-6s [%s] %3.0f %%  %,d calls".formatted(load, bar, done * 100, calls));
    }
  }

  /** Leaves an empty line to whatever comes next. */
  void ends() {
    if (terminal) {
      redraw("");
      out.print("\r");
      out.flush();
    }
  }

  private void redraw(String line) {
    out.print("\r" + line + " ".repeat(Math.max(0, LINE - line.length())));
    out.flush();
  }
}
