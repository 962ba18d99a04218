package dev.userservice.console;

import java.io.PrintStream;

/**
 * Progress for people: on a terminal one redrawn line, elsewhere one plain line at the start.
 * Thread-safe.
 */
public final class StatusLine {

  private static final int CHARS = 79;

  private final PrintStream out;
  private final boolean terminal;
  private boolean drawn;
  private boolean ended;

  /**
   * @param terminal true when {@code out} is a terminal
   */
  public StatusLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Returns true on a terminal. */
  public boolean isRedrawn() {
    return terminal;
  }

  /** Prints a line, unless on a terminal. */
  public synchronized void plain(String text) {
    if (!terminal) {
      out.println(text);
    }
  }

  /**
   * Draws over the last text, on a terminal. Cuts a text to the width of a line, and replaces
   * control characters, such as those of a configuration, by question marks.
   */
  public synchronized void redraw(String text) {
    if (terminal && !ended) {
      String line = text.replaceAll("\\p{Cntrl}", "?");
      line = line.length() <= CHARS ? line : line.substring(0, CHARS - 3) + "...";
      // Moves the cursor back, so that other output starts at the beginning of the line.
      out.print("\r" + line + " ".repeat(CHARS - line.length()) + "\r");
      out.flush();
      drawn = !text.isEmpty();
    }
  }

  /** Clears the line for other output. */
  public synchronized void clear() {
    if (drawn) {
      redraw("");
    }
  }

  /** Returns true after {@link #end}. */
  public synchronized boolean isEnded() {
    return ended;
  }

  /** Clears the line, and draws nothing afterwards. */
  public synchronized void end() {
    clear();
    ended = true;
  }
}
