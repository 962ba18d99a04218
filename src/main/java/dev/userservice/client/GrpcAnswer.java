package dev.userservice.client;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Locale;

/**
 * Reads the head and the end of an HTTP response as gRPC (gRPC over HTTP2, "Responses"). An invalid
 * one gets the same status as in grpc-java.
 */
public final class GrpcAnswer {

  private static final String TYPE = "application/grpc";
  private static final String STATUS = "grpc-status";
  private static final int HTTP_OK = 200;

  private GrpcAnswer() {}

  /** Returns the failure of a response whose headers are not gRPC's, or null. */
  public static CallException notGrpc(HttpClientResponse answer) {
    String type = answer.getHeader("content-type");
    return isGrpc(type) && answer.statusCode() >= HTTP_OK
        ? null
        : CallException.here(
            status(answer.statusCode()),
            "the peer is not a gRPC server: HTTP %d, %s"
                .formatted(
                    answer.statusCode(),
                    type == null ? "without content-type" : "content-type " + type));
  }

  /**
   * Returns the failure in a response's trailers. Only a response without a body and trailers may
   * have its status in the headers ("Trailers-Only").
   *
   * @param hasBody true when a DATA frame was received, even an empty one
   * @return null when the call ended with OK
   */
  public static CallException end(HttpClientResponse answer, boolean hasBody) {
    boolean hasTrailers = !answer.trailers().isEmpty();
    MultiMap end = hasBody || hasTrailers ? answer.trailers() : answer.headers();
    if (end.contains(STATUS)) {
      return CallException.of(end);
    }
    if (answer.statusCode() != HTTP_OK) {
      return CallException.here(
          status(answer.statusCode()),
          "HTTP %d, without grpc-status".formatted(answer.statusCode()));
    }
    return hasBody && !hasTrailers
        ? CallException.here(
            GrpcStatus.INTERNAL, "the answer was cut off: it ended without a status")
        : CallException.here(GrpcStatus.UNKNOWN, "the answer ended without grpc-status");
  }

  /** Checks the media type, which is case-insensitive and may have parameters (RFC 9110, 8.3.1). */
  private static boolean isGrpc(String type) {
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith(TYPE)) {
      return false;
    }
    return type.length() == TYPE.length() || "+; \t".indexOf(type.charAt(TYPE.length())) >= 0;
  }

  /** The gRPC specification, "HTTP to gRPC Status Code Mapping"; 1xx and 431 as grpc-java. */
  private static GrpcStatus status(int httpStatus) {
    if (httpStatus < HTTP_OK) {
      return GrpcStatus.INTERNAL;
    }
    return switch (httpStatus) {
      case 400, 431 -> GrpcStatus.INTERNAL;
      case 401 -> GrpcStatus.UNAUTHENTICATED;
      case 403 -> GrpcStatus.PERMISSION_DENIED;
      case 404 -> GrpcStatus.UNIMPLEMENTED;
      case 429, 502, 503, 504 -> GrpcStatus.UNAVAILABLE;
      default -> GrpcStatus.UNKNOWN;
    };
  }
}
