package dev.userservice.rpc;

import com.google.protobuf.Message;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Base64;
import java.util.Locale;

/** A status in the form of the Connect protocol ("Error codes" and "Error end-stream"). */
final class ConnectError {

  private ConnectError() {}

  /** The JSON of an error: {@code code}, {@code message} and {@code details}. */
  static JsonObject json(RpcStatus status, String domain) {
    JsonArray details = new JsonArray();
    for (Message detail : status.bounded(domain).details()) {
      details.add(
          new JsonObject()
              .put("type", detail.getDescriptorForType().getFullName())
              .put(
                  "value",
                  Base64.getEncoder().withoutPadding().encodeToString(detail.toByteArray()))
              .put("debug", new JsonObject(JsonMessages.encodeSetFields(detail))));
    }
    return new JsonObject()
        .put("code", code(status.code()))
        .put("message", status.message())
        .put("details", details);
  }

  private static String code(GrpcStatus status) {
    return status == GrpcStatus.CANCELLED ? "canceled" : status.name().toLowerCase(Locale.ROOT);
  }

  /** The HTTP status of a failed unary call. */
  static int httpStatus(GrpcStatus status) {
    return switch (status) {
      case OK -> 200;
      case CANCELLED -> 499;
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> 400;
      case UNAUTHENTICATED -> 401;
      case PERMISSION_DENIED -> 403;
      case NOT_FOUND -> 404;
      case ALREADY_EXISTS, ABORTED -> 409;
      case RESOURCE_EXHAUSTED -> 429;
      case UNIMPLEMENTED -> 501;
      case UNAVAILABLE -> 503;
      case DEADLINE_EXCEEDED -> 504;
      case UNKNOWN, INTERNAL, DATA_LOSS -> 500;
    };
  }

  /**
   * The JSON of the end of a stream.
   *
   * @param error null when the call ended OK
   * @param trailers the metadata of the end, or null
   */
  static JsonObject endOfStream(JsonObject error, MultiMap trailers) {
    JsonObject end = new JsonObject();
    if (error != null) {
      end.put("error", error);
    }
    if (trailers != null) {
      end.put("metadata", metadata(trailers));
    }
    return end;
  }

  /** The JSON of metadata: the values of each name. */
  static JsonObject metadata(MultiMap trailers) {
    JsonObject json = new JsonObject();
    for (String name : trailers.names()) {
      json.put(name, new JsonArray(trailers.getAll(name)));
    }
    return json;
  }
}
