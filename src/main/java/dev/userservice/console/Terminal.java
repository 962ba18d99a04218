package dev.userservice.console;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Map;

/** The terminal that standard input and output are connected to, on JDK 17 and later. */
public final class Terminal {

  private Terminal() {}

  /**
   * Standard output in a known charset: System.out does not have its charset before JDK 18, and
   * replaces characters outside of it by isTerminal marks.
   */
  public static PrintStream output(Charset charset) {
    return new PrintStream(new FileOutputStream(FileDescriptor.out), true, charset);
  }

  /** The charset of standard output; ASCII when it is unknown. */
  public static Charset charset() {
    // Since JDK 19; in JDK 17 on a terminal; by the locale.
    for (String key : new String[] {"stdout.encoding", "sun.stdout.encoding", "native.encoding"}) {
      String name = System.getProperty(key, "");
      if (!name.isEmpty()) {
        try {
          return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException unknown) {
          continue;
        }
      }
    }
    return StandardCharsets.US_ASCII;
  }

  /** Returns true on a terminal with colours, unless NO_COLOR is set (no-color.org). */
  public static boolean wantsColour(Map<String, String> env, boolean terminal) {
    return terminal
        && env.getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(env.get("TERM"));
  }

  /**
   * Returns true when standard input and output are a terminal; the JDK cannot say it of standard
   * error. Since JDK 22 a console may be something else, so isTerminal is asked, which earlier JDKs
   * lack.
   */
  public static boolean isInteractive() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      Method isTerminal = Console.class.getMethod("isTerminal");
      return (boolean) isTerminal.invoke(console);
    } catch (NoSuchMethodException before22) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
