package dev.userservice.console;

import java.io.PrintStream;

/**
 * Progress for people: on a terminal one line that is redrawn, elsewhere a plain line at the start.
 * May be used by several threads.
 */
public final class StatusLine {

  private static final int CHARS = 79;

  private final PrintStream out;
  private final boolean terminal;
  private boolean drawn;
  private boolean ended;

  /**
   * @param terminal whether what is printed can be redrawn
   */
  public StatusLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Whether it is on a terminal. */
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
   * Draws over what was drawn before, on a terminal. A text that is too long for a line is cut; one
   * from a configuration may have control characters, which become question marks.
   */
  public synchronized void redraw(String text) {
    if (terminal && !ended) {
      String line = text.replaceAll("\\p{Cntrl}", "?");
      line = line.length() <= CHARS ? line : line.substring(0, CHARS - 3) + "...";
      // The cursor goes back: a line that something else prints begins where it should.
      out.print("\r" + line + " ".repeat(CHARS - line.length()) + "\r");
      out.flush();
      drawn = !text.isEmpty();
    }
  }

  /** Leaves an empty line to whatever is printed next. */
  public synchronized void clear() {
    if (drawn) {
      redraw("");
    }
  }

  /** Whether {@link #end} was called. */
  public synchronized boolean isEnded() {
    return ended;
  }

  /** As {@link #clear}; nothing is drawn from now on. */
  public synchronized void end() {
    clear();
    ended = true;
  }
}
