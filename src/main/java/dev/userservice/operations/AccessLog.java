package dev.userservice.operations;

import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One line a call, at INFO; never what is in the messages, and never metadata, which may be secret.
 */
public final class AccessLog {

  /** Not that of Vert.x, which takes a text and nothing beside it. */
  private static final Logger LOG = Logger.getLogger(AccessLog.class.getName());

  private static final int MAX_CHARS = 200;

  /**
   * @param method the full name that the caller gave, of a method that there may not be
   * @param received messages that came in
   * @param sent messages that went out
   * @param caller the name of the caller; empty when it is not known
   * @param traceId the trace that the call belongs to; empty for none
   */
  public void write(
      String method,
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
    // Names of the OpenTelemetry conventions where they have one.
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("rpc.method", name);
    parts.put("rpc.response.status_code", status.name());
    parts.put("duration_ms", millis);
    parts.put("received", received);
    parts.put("sent", sent);
    if (!by.isEmpty()) {
      parts.put("caller", by);
    }
    parts.put("peer", String.valueOf(peer));
    String line =
        "%s %s %d ms, %d in, %d out%s, from %s"
            .formatted(
                name,
                status.name(),
                millis,
                received,
                sent,
                by.isEmpty() ? "" : ", by " + by,
                peer);
    LOG.log(new CallRecord(LOG.getName(), line, parts, new TraceIds(traceId, "")));
  }

  /**
   * Returns the start of a text that a caller chose, which must not look like a log line of its
   * own: every code point that is not visible ASCII becomes a question mark.
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
