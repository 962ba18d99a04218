package dev.userservice.operations;

/**
 * Which trace, and which span of it, something belongs to, in lower-case hexadecimal digits as W3C
 * Trace Context writes them.
 *
 * @param traceId 32 digits; empty for none
 * @param spanId 16 digits; empty for none
 */
public record TraceIds(String traceId, String spanId) {

  /** Belongs to no trace. */
  public static final TraceIds NONE = new TraceIds("", "");
}
