package dev.userservice.operations;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * A log record for programs: a JSON object on one line. Its fields are named as in the
 * OpenTelemetry log data model: {@code timestamp} (RFC 3339, UTC, milliseconds), {@code severity}
 * (ERROR, WARN, INFO, DEBUG or TRACE), {@code logger} and {@code message}; where present, {@code
 * trace_id}, {@code span_id} and {@code exception}, the stack trace; and the parts of a call.
 */
final class JsonLine extends Formatter {

  /** Writes ASCII only, which is correct in any charset of standard error. */
  private static final JsonFactory JSON =
      new JsonFactoryBuilder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX").withZone(ZoneOffset.UTC);

  private final Supplier<TraceIds> current;

  JsonLine(Supplier<TraceIds> current) {
    this.current = current;
  }

  @Override
  public String format(LogRecord line) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("timestamp", TIME.format(line.getInstant()));
      json.writeStringField("severity", severity(line.getLevel()));
      write(json, "logger", line.getLoggerName());
      write(json, "message", formatMessage(line));
      CallRecord call = line instanceof CallRecord of ? of : null;
      TraceIds ids = call != null ? call.trace() : current.get();
      write(json, "trace_id", ids.traceId());
      write(json, "span_id", ids.spanId());
      if (call != null) {
        for (Map.Entry<String, Object> part : call.parts().entrySet()) {
          if (part.getValue() instanceof Long number) {
            json.writeNumberField(part.getKey(), number);
          } else {
            write(json, part.getKey(), part.getValue().toString());
          }
        }
      }
      if (line.getThrown() != null) {
        write(json, "exception", stackTrace(line.getThrown()));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // A StringWriter throws none.
    }
    return text.append('\n').toString();
  }

  private static void write(JsonGenerator json, String name, String value) throws IOException {
    if (value != null && !value.isEmpty()) {
      json.writeStringField(name, wellFormed(value));
    }
  }

  /** Replaces half surrogate pairs, which the grammar of JSON allows but many parsers refuse. */
  private static String wellFormed(String text) {
    return text.codePoints()
        .map(c -> Character.getType(c) == Character.SURROGATE ? 0xfffd : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static String severity(Level level) {
    int value = level.intValue();
    return value >= Level.SEVERE.intValue()
        ? "ERROR"
        : value >= Level.WARNING.intValue()
            ? "WARN"
            : value >= Level.INFO.intValue()
                ? "INFO"
                : value >= Level.FINER.intValue() ? "DEBUG" : "TRACE";
  }

  private static String stackTrace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
