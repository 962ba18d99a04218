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
 * A call that did not end with OK: its status, message and details, from the server, or from this
 * client when the server sent no readable ones.
 */
public final class CallException extends RuntimeException {

  /** The reason by which a server confirms that nothing was changed. */
  private static final String NOTHING_CHANGED = "STORE_UNAVAILABLE";

  private static final Pattern CODE = Pattern.compile("[0-9]{1,2}");

  private final transient GrpcStatus status;
  private final transient List<String> details;
  private final boolean saidByServer;
  private final boolean permanent;
  private final boolean changedNothing;
  private final String reason;

  private CallException(
      GrpcStatus status,
      String message,
      List<String> details,
      boolean saidByServer,
      boolean permanent,
      boolean changedNothing,
      String reason) {
    super(message, null, false, false);
    this.status = status;
    this.details = details;
    this.saidByServer = saidByServer;
    this.permanent = permanent;
    this.changedNothing = changedNothing;
    this.reason = reason;
  }

  /** A failure that this client found, not one that a server reported. */
  static CallException here(GrpcStatus status, String message) {
    return new CallException(status, message, List.of(), false, false, false, "");
  }

  /** UNAVAILABLE; the call certainly was not processed. */
  static CallException notProcessed(String message) {
    return new CallException(GrpcStatus.UNAVAILABLE, message, List.of(), false, false, true, "");
  }

  /** UNAVAILABLE; a retry is useless. */
  static CallException unavailablePermanently(String message) {
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

  /** The content of grpc-status-details-bin, at least one line for each detail. */
  public List<String> details() {
    return details;
  }

  /** The reason of its ErrorInfo, for programs to compare; empty without one. */
  public String reason() {
    return reason;
  }

  public boolean saidByServer() {
    return saidByServer;
  }

  /** Returns true when a retry is useless. */
  boolean isPermanent() {
    return permanent;
  }

  /** Returns true when the server refused the caller's identity or rights. */
  public boolean isAccessRefused() {
    return status == GrpcStatus.UNAUTHENTICATED || status == GrpcStatus.PERMISSION_DENIED;
  }

  /** Returns true when a retry may succeed. */
  boolean isTransient() {
    return status == GrpcStatus.UNAVAILABLE && !permanent;
  }

  /**
   * Returns true for the failure of a server that does not serve. Includes silent servers, which
   * would otherwise keep their share of the calls.
   */
  static boolean isOfUnhealthyServer(Throwable failure) {
    return failure instanceof CallException call
        && (call.status == GrpcStatus.UNAVAILABLE
            || call.status == GrpcStatus.DEADLINE_EXCEEDED && !call.saidByServer);
  }

  /** Returns true when the call certainly had no effect, so that a retry cannot apply it twice. */
  boolean changedNothing() {
    return changedNothing;
  }

  /** The name of the status, followed by the message if it is not empty. */
  public String statusAndMessage() {
    return getMessage().isEmpty() ? status.name() : status.name() + ": " + getMessage();
  }

  /** Returns the status of a code of one or two ASCII digits, or null. */
  private static GrpcStatus status(String code) {
    return CODE.matcher(code).matches() ? GrpcStatus.valueOf(Integer.parseInt(code)) : null;
  }

  /** Decodes "Percent-Encoded" of the gRPC specification; leaves invalid sequences as they are. */
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
        // A char of a header is a byte on the wire, so this also decodes plain UTF-8.
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
