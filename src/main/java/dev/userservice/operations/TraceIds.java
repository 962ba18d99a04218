package dev.userservice.operations;

/**
 * The ids of a trace and of a span in it, in lower-case hexadecimal digits as in W3C Trace Context.
 *
 * @param traceId 32 digits; empty for none
 * @param spanId 16 digits; empty for none
 */
public record TraceIds(String traceId, String spanId) {

  /** The ids outside of any trace. */
  public static final TraceIds NONE = new TraceIds("", "");
}
