package dev.userservice.demo;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import dev.userservice.client.CallException;
import dev.userservice.config.Address;
import dev.userservice.console.Printable;
import dev.userservice.console.StatusLine;
import dev.userservice.console.Terminal;
import dev.userservice.proto.UserResponse;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Map;

/** The demo's output: each message sent (->) and received (<-), and the result. */
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
  private final Printable printable;
  private final boolean colour;
  private final StatusLine status;

  /**
   * @param charset the charset of {@code out}; characters that it lacks are escaped
   */
  public Transcript(PrintStream out, Charset charset, boolean colour) {
    this(out, charset, colour, false);
  }

  private Transcript(PrintStream out, Charset charset, boolean colour, boolean terminal) {
    this.out = out;
    this.printable = new Printable(charset);
    this.colour = colour;
    this.status = new StatusLine(out, terminal);
  }

  /** Prints to standard output, in colour if it is a terminal and the environment permits it. */
  public static Transcript onStandardOutput(Map<String, String> env) {
    Charset charset = Terminal.charset();
    boolean terminal = Terminal.isInteractive();
    boolean colour = Terminal.wantsColour(env, terminal);
    return new Transcript(Terminal.output(charset), charset, colour, terminal);
  }

  /** The line that shows the wait before the scenarios start. */
  public StatusLine status() {
    return status;
  }

  /** Loads the classes that the messages need, which takes a new JVM longer than a call. */
  static void loadClasses() {
    try {
      JSON.print(UserResponse.getDefaultInstance());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the contract has no Any that could be unknown", e);
    }
  }

  /** Prints the servers of all scenarios and the time of each call. */
  void start(List<Address> servers, int deadlineMillis) {
    String target = (servers.size() == 1 ? "Server " : "Servers ") + Address.list(servers);
    out.println(target + ", each call within " + deadlineMillis + " ms");
    out.println();
  }

  void headline(String text) {
    out.println(paint(BOLD, printable.of(text)));
  }

  void sent(MessageOrBuilder message) {
    out.println("   -> " + line(message));
  }

  void received(MessageOrBuilder message) {
    out.println("   <- " + line(message));
  }

  void received(CallException failure) {
    out.println("   <- " + printable.of(failure.statusAndMessage()));
    failure.details().forEach(detail -> out.println("      " + printable.of(detail)));
  }

  void note(String text) {
    out.println("   " + printable.of(text));
  }

  /**
   * @param servers the servers that answered; empty with a single server
   */
  void passed(long millis, List<Address> servers) {
    String by = servers.isEmpty() ? "" : ", by " + Address.list(servers);
    out.println("   " + paint(GREEN, "passed") + " in " + millis + " ms" + by);
    out.println();
  }

  void failed(long millis, String why) {
    out.println("   " + paint(RED, "failed") + " after " + millis + " ms: " + printable.of(why));
    out.println();
  }

  void summary(int passed, int all) {
    out.println(paint(passed == all ? GREEN : RED, passed + "/" + all + " scenarios passed"));
  }

  private String paint(String code, String text) {
    return colour ? code + text + RESET : text;
  }

  /** Formats as JSON, to be copied into tools such as grpcurl. */
  private String line(MessageOrBuilder message) {
    try {
      return printable.of(JSON.print(message));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the contract has no Any that could be unknown", e);
    }
  }
}
