package dev.userservice.operations;

import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** One log line per call, at INFO, without message contents and metadata, which may be secret. */
public final class AccessLog {

  /** The JDK's logger, because that of Vert.x takes a text only. */
  private static final Logger LOG = Logger.getLogger(AccessLog.class.getName());

  private static final int MAX_CHARS = 200;

  /**
   * @param method the full name as the caller gave it; the method may be unknown
   * @param protocol the name of the caller's protocol, such as {@code connect}
   * @param received number of messages received
   * @param sent number of messages sent
   * @param caller the name of the caller; empty when unknown
   * @param traceId the trace of the call; empty for none
   */
  public void write(
      String method,
      String protocol,
      GrpcStatus status,
      long millis,
      long received,
      long sent,
      String caller,
      SocketAddress peer,
      String traceId) {
    if (!LOG.isLoggable(Level.INFO)) {
      return;
    }
    String name = printable(method);
    String by = printable(caller);
    // Names from the OpenTelemetry conventions where these have one.
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("rpc.method", name);
    parts.put("protocol", protocol);
    parts.put("rpc.response.status_code", status.name());
    parts.put("duration_ms", millis);
    parts.put("received", received);
    parts.put("sent", sent);
    if (!by.isEmpty()) {
      parts.put("caller", by);
    }
    parts.put("peer", String.valueOf(peer));
    String line =
        "%s %s %d ms, %d in, %d out%s%s, from %s"
            .formatted(
                name,
                status.name(),
                millis,
                received,
                sent,
                by.isEmpty() ? "" : ", by " + by,
                protocol.equals("grpc") ? "" : ", over " + protocol,
                peer);
    LOG.log(new CallRecord(LOG.getName(), line, parts, new TraceIds(traceId, "")));
  }

  /**
   * Returns the start of a text from a caller, with a question mark for every code point that is
   * not visible ASCII, so that it cannot look like a log line of its own.
   */
  static String printable(String given) {
    StringBuilder text = new StringBuilder();
    int codePoint;
    for (int i = 0; i < given.length(); i += Character.charCount(codePoint)) {
      if (text.length() == MAX_CHARS) {
        return text.append("...").toString();
      }
      codePoint = given.codePointAt(i);
      text.append(codePoint > ' ' && codePoint <= '~' ? (char) codePoint : '?');
    }
    return text.toString();
  }
}
