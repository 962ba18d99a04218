package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.LogLines;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Log records as JSON and as text. */
class LogFormatTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "two\nlines\r\n",
        "\u0000\u001b[2J\u007f\u0085\u009b",
        "\"quoted\" \\ and }{",
        "{\"severity\":\"ERROR\"}",
        "Zo\u00eb \u2028\u2029\u202e\ufeff",
        "\ud83d\ude00 a pair",
        "{0} {1} %s %n",
        " "
      })
  void json_ofAnyText_isOneLineThatContainsIt(String text) {
    String line = json(record(Level.INFO, text));

    assertThat(new JsonObject(line).getString("message")).isEqualTo(text);
    assertThat(line).endsWith("\n").hasLineCount(1).matches("[ -\u007f]+\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"high \ud83d", "\ude00 low", "\ude00\ud83d", "\ud83d\ud83d\ude00"})
  void json_withHalfOfASurrogatePair_hasTheReplacementCharacter(String text) {
    String message = new JsonObject(json(record(Level.INFO, text))).getString("message");

    assertThat(message).hasSameSizeAs(text).contains("\ufffd");
    assertThat(message.codePoints()).noneMatch(c -> Character.getType(c) == Character.SURROGATE);
  }

  @Test
  void json_withoutAText_orALogger() {
    LogRecord line = record(Level.INFO, null);
    line.setLoggerName(null);

    assertThat(new JsonObject(json(line)).fieldNames()).containsExactly("timestamp", "severity");
  }

  @Test
  void json_namesOfOpenTelemetry() {
    LogRecord line = record(Level.WARNING, "careful");
    line.setThrown(new IllegalStateException("said \"no\"\n", new RuntimeException("\ud83d")));

    JsonObject json = new JsonObject(new JsonLine(() -> new TraceIds(TRACE, SPAN)).format(line));

    assertThat(json.getString("exception"))
        .startsWith("java.lang.IllegalStateException: said \"no\"\n")
        .contains("\tat " + getClass().getName())
        .contains("Caused by: java.lang.RuntimeException: \ufffd");
    json.remove("exception");
    assertThat(json)
        .isEqualTo(
            new JsonObject()
                .put("timestamp", "2026-01-02T03:04:05.000Z")
                .put("severity", "WARN")
                .put("logger", "some.Logger")
                .put("message", "careful")
                .put("trace_id", TRACE)
                .put("span_id", SPAN));
  }

  @ParameterizedTest
  @CsvSource({
    "SEVERE, ERROR",
    "WARNING, WARN",
    "INFO, INFO",
    "CONFIG, DEBUG",
    "FINE, DEBUG",
    "FINER, DEBUG",
    "FINEST, TRACE"
  })
  void json_severity(String level, String severity) {
    assertThat(new JsonObject(json(record(Level.parse(level), "x"))).getString("severity"))
        .isEqualTo(severity);
  }

  @Test
  void json_ofACall_hasItsParts() {
    JsonObject json = new JsonObject(json(call("a \"job\"\n", TRACE)));

    json.remove("timestamp");
    assertThat(json)
        .isEqualTo(
            new JsonObject()
                .put("severity", "INFO")
                .put("logger", AccessLog.class.getName())
                .put("message", "x/{0} OK 7 ms, 1 in, 2 out, by a?\"job\"?, from 10.0.0.1:5")
                .put("trace_id", TRACE)
                .put("rpc.method", "x/{0}")
                .put("protocol", "grpc")
                .put("rpc.response.status_code", "OK")
                .put("duration_ms", 7)
                .put("received", 1)
                .put("sent", 2)
                .put("caller", "a?\"job\"?")
                .put("peer", "10.0.0.1:5"));
  }

  @Test
  void call_hasItsOwnTrace_andNotTheCurrentOne() {
    LogRecord call = call("", "");

    assertThat(new JsonLine(() -> new TraceIds(TRACE, SPAN)).format(call))
        .doesNotContain("trace_id", "span_id", "caller");
    assertThat(new TextLine(() -> new TraceIds(TRACE, SPAN)).format(call)).doesNotContain(TRACE);
    assertThat(text(call("", TRACE))).contains(", from 10.0.0.1:5 [trace " + TRACE + "]");
  }

  @Test
  void text_isTheLineOfTheJdk_withTheTraceAfterTheMessage() {
    LogRecord line = record(Level.WARNING, "careful");
    line.setThrown(new IllegalStateException("no"));

    assertThat(text(line)).isEqualTo(new SimpleFormatter().format(line));
    assertThat(new TextLine(() -> new TraceIds(TRACE, SPAN)).format(line))
        .isEqualTo(
            new SimpleFormatter().format(line).replace("careful", "careful [trace " + TRACE + "]"));
  }

  private static String json(LogRecord line) {
    return new JsonLine(() -> TraceIds.NONE).format(line);
  }

  private static String text(LogRecord line) {
    return new TextLine(() -> TraceIds.NONE).format(line);
  }

  private static LogRecord record(Level level, String message) {
    LogRecord line = new LogRecord(level, message);
    line.setLoggerName("some.Logger");
    line.setInstant(Instant.parse("2026-01-02T03:04:05Z"));
    return line;
  }

  /** A call's record in the access log. */
  private static LogRecord call(String caller, String traceId) {
    try (LogLines lines = LogLines.of(AccessLog.class.getName())) {
      new AccessLog()
          .write(
              "x/{0}",
              "grpc",
              GrpcStatus.OK,
              7,
              1,
              2,
              caller,
              SocketAddress.inetSocketAddress(5, "10.0.0.1"),
              traceId);
      return lines.records().get(0);
    }
  }
}
