package dev.userservice.operations;

import java.util.function.Supplier;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;

/** A log record for people: the JDK's line, in the format of the logging configuration. */
final class TextLine extends SimpleFormatter {

  private final Supplier<TraceIds> current;

  TextLine(Supplier<TraceIds> current) {
    this.current = current;
  }

  @Override
  public String formatMessage(LogRecord line) {
    TraceIds ids = line instanceof CallRecord call ? call.trace() : current.get();
    String message = super.formatMessage(line);
    return ids.traceId().isEmpty() ? message : message + " [trace " + ids.traceId() + "]";
  }
}
