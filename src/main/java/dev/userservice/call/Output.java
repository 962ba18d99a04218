package dev.userservice.call;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.JsonFormat.TypeRegistry;
import dev.userservice.client.CallException;
import dev.userservice.console.Printable;
import dev.userservice.console.Terminal;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.PrintStream;
import java.util.stream.Collectors;

/**
 * The output of a call: responses go to standard output, its status to standard error. On a
 * terminal JSON is indented, and characters that could change the terminal are escaped; in a pipe
 * each response is a line of UTF-8.
 */
final class Output {

  private final boolean json;
  private final boolean terminal;
  private final PrintStream out;
  private final PrintStream err;
  private final Printable printable = new Printable(Terminal.charset());

  /**
   * @param json true to print the end of a failed call as JSON
   * @param terminal true if {@code out} is a terminal
   */
  Output(boolean json, boolean terminal, PrintStream out, PrintStream err) {
    this.json = json;
    this.terminal = terminal;
    this.out = out;
    this.err = err;
  }

  /**
   * The JSON of responses: every field, under its name in the contract.
   *
   * @param registry the types of messages inside a {@code google.protobuf.Any}
   */
  JsonFormat.Printer printer(TypeRegistry registry) {
    JsonFormat.Printer printer =
        JsonFormat.printer()
            .usingTypeRegistry(registry)
            .preservingProtoFieldNames()
            .alwaysPrintFieldsWithNoPresence();
    return terminal ? printer : printer.omittingInsignificantWhitespace();
  }

  /**
   * Prints a response; blocks while standard output is full.
   *
   * @return false if nothing reads it any more
   */
  boolean response(Message message, JsonFormat.Printer printer) {
    try {
      text(printer.print(message));
    } catch (InvalidProtocolBufferException unknownType) {
      text(
          "{\"unprintable\": \"a google.protobuf.Any of a type that the server does not describe\"}");
    }
    return !out.checkError();
  }

  /** Prints lines. */
  void text(String text) {
    out.println(
        terminal ? text.lines().map(printable::whole).collect(Collectors.joining("\n")) : text);
  }

  /** Prints how a failed call ended, unless nothing reads the responses: that has ended it. */
  void failure(CallException failure) {
    if (out.checkError()) {
      return;
    }
    if (json) {
      err.println(
          new JsonObject()
              .put("code", failure.status().name())
              .put("message", failure.getMessage())
              .put("reason", failure.reason())
              .put("details", new JsonArray(failure.details()))
              .encode());
      return;
    }
    err.println(printable.of(failure.statusAndMessage()));
    failure.details().forEach(line -> err.println("  " + printable.of(line)));
  }

  /** Prints a mistake. */
  void complain(String message) {
    err.println("user-service: " + printable.of(message));
  }
}
