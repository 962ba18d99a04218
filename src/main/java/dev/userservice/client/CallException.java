package dev.userservice.client;

import io.vertx.core.MultiMap;
import io.vertx.grpc.common.GrpcStatus;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A call that did not end with OK: its status, and the message and details of whoever gave it that
 * status. This is the server, or this client when the server said nothing that could be understood.
 */
public final class CallException extends RuntimeException {

  /** The reason with which a server says that nothing was changed. */
  private static final String NOTHING_CHANGED = "STORE_UNAVAILABLE";

  private static final Pattern CODE = Pattern.compile("[0-9]{1,2}");

  private final transient GrpcStatus status;
  private final transient List<String> details;
  private final boolean saidByServer;
  private final boolean lasting;
  private final boolean changedNothing;
  private final String reason;

  private CallException(
      GrpcStatus status,
      String message,
      List<String> details,
      boolean saidByServer,
      boolean lasting,
      boolean changedNothing,
      String reason) {
    super(message, null, false, false);
    this.status = status;
    this.details = details;
    this.saidByServer = saidByServer;
    this.lasting = lasting;
    this.changedNothing = changedNothing;
    this.reason = reason;
  }

  /** What this client found, not what a server said. */
  static CallException here(GrpcStatus status, String message) {
    return new CallException(status, message, List.of(), false, false, false, "");
  }

  /** UNAVAILABLE, and it is certain that no server has begun with the call. */
  static CallException unseen(String message) {
    return new CallException(GrpcStatus.UNAVAILABLE, message, List.of(), false, false, true, "");
  }

  /** UNAVAILABLE, and no second try helps. */
  static CallException unavailableForGood(String message) {
    return new CallException(GrpcStatus.UNAVAILABLE, message, List.of(), false, true, true, "");
  }

  /**
   * Reads the status at the end of a call.
   *
   * @param end the trailers, or the headers of an answer that has only these; has grpc-status
   * @return null when the call ended with OK
   */
  static CallException of(MultiMap end) {
    Set<String> codes = new LinkedHashSet<>(end.getAll("grpc-status"));
    String code = String.join(" and ", codes);
    GrpcStatus known = status(code);
    if (known == GrpcStatus.OK) {
      return null;
    }
    String encoded = end.get("grpc-message");
    String message = encoded == null ? "" : percentDecoded(encoded);
    if (known == null && message.isEmpty()) {
      message = "grpc-status is \"%s\", which is not a known code".formatted(code);
    }
    String details = end.get("grpc-status-details-bin");
    String reason = ErrorDetails.reason(details);
    return new CallException(
        known == null ? GrpcStatus.UNKNOWN : known,
        message,
        ErrorDetails.lines(details),
        true,
        false,
        reason.equals(NOTHING_CHANGED),
        reason);
  }

  public GrpcStatus status() {
    return status;
  }

  /** What stood in grpc-status-details-bin, in one line or more for each detail. */
  public List<String> details() {
    return details;
  }

  /** The reason in its ErrorInfo, which programs may compare; empty when there is none. */
  public String reason() {
    return reason;
  }

  boolean saidByServer() {
    return saidByServer;
  }

  /** Whether no second try helps. */
  boolean lasts() {
    return lasting;
  }

  /** Whether it was refused for who called. */
  boolean isOfAccess() {
    return status == GrpcStatus.UNAUTHENTICATED || status == GrpcStatus.PERMISSION_DENIED;
  }

  /** Whether the same call may succeed a little later. */
  boolean mayPass() {
    return status == GrpcStatus.UNAVAILABLE && !lasting;
  }

  /**
   * Whether the same call may be made again without being done twice: no server has begun with it,
   * or one has said so.
   */
  boolean changedNothing() {
    return changedNothing;
  }

  /** Status and message. */
  String explained() {
    return getMessage().isEmpty() ? status.name() : status.name() + ": " + getMessage();
  }

  /** Returns the status of a code of one or two ASCII digits; null when there is none. */
  private static GrpcStatus status(String code) {
    return CODE.matcher(code).matches() ? GrpcStatus.valueOf(Integer.parseInt(code)) : null;
  }

  /** The gRPC specification, "Percent-Encoded"; what is no such byte stays as it is. */
  private static String percentDecoded(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      boolean three = text.charAt(i) == '%' && i + 2 < text.length();
      int high = three ? Character.digit(text.charAt(i + 1), 16) : -1;
      int low = three ? Character.digit(text.charAt(i + 2), 16) : -1;
      if (high >= 0 && low >= 0) {
        bytes.write(high << 4 | low);
        i += 2;
      } else {
        // A char of a header is a byte of the wire: so UTF-8 that was not encoded is understood
        // too.
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
