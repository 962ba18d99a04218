package dev.userservice.operations;

import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * A log record of a call. It has its parts beside the line, for whoever writes JSON, and its trace:
 * when it is written, the call is over and may not be the current one any more.
 */
final class CallRecord extends LogRecord {

  private static final long serialVersionUID = 1;

  private final transient Map<String, Object> parts;
  private final transient TraceIds trace;

  /**
   * @param parts texts and numbers by their names, in their order
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
