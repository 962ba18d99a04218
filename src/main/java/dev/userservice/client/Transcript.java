package dev.userservice.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import java.io.Console;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.util.Map;

/** What the demo shows: each message that goes (->) and comes (<-), and what became of it. */
public final class Transcript {

  private static final String GREEN = "\u001b[32m";
  private static final String RED = "\u001b[31m";
  private static final String BOLD = "\u001b[1m";
  private static final String RESET = "\u001b[0m";

  private static final JsonFormat.Printer JSON =
      JsonFormat.printer()
          .alwaysPrintFieldsWithNoPresence()
          .preservingProtoFieldNames()
          .omittingInsignificantWhitespace();

  private final PrintStream out;
  private final boolean colour;

  public Transcript(PrintStream out, boolean colour) {
    this.out = out;
    this.colour = colour;
  }

  /** To the terminal: in colour when it is one and nobody minds (see no-color.org). */
  public static Transcript onStandardOutput(Map<String, String> env) {
    boolean wanted = env.getOrDefault("NO_COLOR", "").isEmpty() && !"dumb".equals(env.get("TERM"));
    return new Transcript(System.out, wanted && isTerminal());
  }

  /** Which server the scenarios talk to, and how long each call may take. */
  void start(Object server, int deadlineMillis) {
    out.println("Server " + server + ", each call within " + deadlineMillis + " ms");
    out.println();
  }

  void headline(String text) {
    out.println(paint(BOLD, printable(text)));
  }

  void sent(MessageOrBuilder message) {
    out.println("   -> " + line(message));
  }

  void received(MessageOrBuilder message) {
    out.println("   <- " + line(message));
  }

  void received(CallException failure) {
    out.println("   <- " + printable(failure.explained()));
    failure.details().forEach(detail -> out.println("      " + printable(detail)));
  }

  void note(String text) {
    out.println("   " + printable(text));
  }

  void passed(long millis) {
    out.println("   " + paint(GREEN, "passed") + " in " + millis + " ms");
    out.println();
  }

  void failed(long millis, String why) {
    out.println("   " + paint(RED, "failed") + " after " + millis + " ms: " + printable(why));
    out.println();
  }

  void summary(int passed, int all) {
    out.println(paint(passed == all ? GREEN : RED, passed + "/" + all + " scenarios passed"));
  }

  private String paint(String code, String text) {
    return colour ? code + text + RESET : text;
  }

  /** As JSON, so that it can be given to tools such as grpcurl as it stands. */
  private static String line(MessageOrBuilder message) {
    try {
      return printable(JSON.print(message));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the contract has no Any that could be unknown", e);
    }
  }

  /** What a server sends must not move the cursor or turn the text around. */
  private static String printable(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              if (type == Character.CONTROL || type == Character.FORMAT) {
                result.append(String.format("\\u%04x", c));
              } else {
                result.appendCodePoint(c);
              }
            });
    return result.toString();
  }

  /** Since JDK 22 there may be a console that is no terminal; before, there is no such question. */
  private static boolean isTerminal() {
    if (System.console() == null) {
      return false;
    }
    try {
      Method question = Console.class.getMethod("isTerminal");
      return (boolean) question.invoke(System.console());
    } catch (NoSuchMethodException before22) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
