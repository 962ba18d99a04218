package dev.userservice.operations;

import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * A log record of a call. Besides the line it has the parts of it, for JSON, and the trace of the
 * call, which may no longer be the current one when the record is written.
 */
final class CallRecord extends LogRecord {

  private static final long serialVersionUID = 1;

  private final transient Map<String, Object> parts;
  private final transient TraceIds trace;

  /**
   * @param parts texts and numbers by name, in order
   */
  CallRecord(String logger, String line, Map<String, Object> parts, TraceIds trace) {
    super(Level.INFO, line);
    setLoggerName(logger);
    this.parts = parts;
    this.trace = trace;
  }

  Map<String, Object> parts() {
    return parts;
  }

  TraceIds trace() {
    return trace;
  }
}
