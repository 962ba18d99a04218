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

/** What standard input and output are connected to, on JDK 17 as on those after it. */
public final class Terminal {

  private Terminal() {}

  /**
   * Standard output in a charset that is known: System.out does not tell its own before JDK 18, and
   * what it cannot encode becomes a question mark.
   */
  public static PrintStream output(Charset charset) {
    return new PrintStream(new FileOutputStream(FileDescriptor.out), true, charset);
  }

  /** The charset of standard output; ASCII when it cannot be found out. */
  public static Charset charset() {
    // The first since JDK 19; the second in 17, on a terminal; the third follows the locale.
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

  /** In colour on a terminal that has colours, when nobody minds (see no-color.org). */
  public static boolean wantsColour(Map<String, String> env, boolean terminal) {
    return terminal
        && env.getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(env.get("TERM"));
  }

  /**
   * Whether standard input and output are a terminal; the JDK does not tell of standard error.
   * Since JDK 22 there may be a console that is no terminal; before, there is no such question.
   */
  public static boolean isThere() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      Method question = Console.class.getMethod("isTerminal");
      return (boolean) question.invoke(console);
    } catch (NoSuchMethodException before22) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
