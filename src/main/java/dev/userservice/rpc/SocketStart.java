package dev.userservice.rpc;

import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The first frame of a call over a WebSocket, which has what other protocols send as headers.
 *
 * @param headers the metadata and the deadline, as headers of Connect
 * @param json true for messages in JSON, false for protobuf
 */
record SocketStart(MultiMap headers, boolean json) {

  private static final String METADATA = "metadata";
  private static final String TIMEOUT = Protocol.WEB_SOCKET.timeout().toString();
  private static final String FORMAT = "format";
  private static final Set<String> KEYS = Set.of(METADATA, TIMEOUT, FORMAT);

  /** Names with a meaning for HTTP, which is over, or for a protocol that is not spoken here. */
  private static final Set<String> RESERVED =
      Set.of("content-type", "content-length", "host", "origin", "cookie");

  private static final List<String> RESERVED_PREFIXES = List.of("sec-", "grpc-", "connect-");

  /** The start of a call whose first frame is not one. */
  static SocketStart none() {
    return new SocketStart(HttpHeaders.headers(), true);
  }

  /**
   * Reads the JSON behind the word {@code start}; all keys are optional.
   *
   * @throws RpcException INVALID_ARGUMENT, with the reason
   */
  static SocketStart parse(String text) {
    JsonObject start;
    try {
      start = new JsonObject(text.isBlank() ? "{}" : text);
    } catch (DecodeException malformed) {
      throw refusal("start must be followed by one JSON object");
    }
    Set<String> unknown =
        start.fieldNames().stream().filter(key -> !KEYS.contains(key)).collect(Collectors.toSet());
    if (!unknown.isEmpty()) {
      throw refusal("the keys of start are metadata, timeout_ms and format");
    }
    MultiMap headers = HttpHeaders.headers();
    addMetadata(headers, start.getValue(METADATA, null));
    addTimeout(headers, start.getValue(TIMEOUT, null));
    return new SocketStart(headers, isJson(start.getValue(FORMAT, null)));
  }

  private static boolean isJson(Object format) {
    if (format == null || format.equals("json")) {
      return true;
    }
    if (format.equals("proto")) {
      return false;
    }
    throw refusal("format must be \"json\" or \"proto\"");
  }

  private static void addTimeout(MultiMap headers, Object millis) {
    if (millis == null) {
      return;
    }
    if (!(millis instanceof Integer || millis instanceof Long)) {
      throw refusal(TIMEOUT + " must be a whole number");
    }
    // Its range is checked with the deadlines of the other protocols.
    headers.set(TIMEOUT, millis.toString());
  }

  private static void addMetadata(MultiMap headers, Object metadata) {
    if (metadata == null) {
      return;
    }
    if (!(metadata instanceof JsonObject object)) {
      throw refusal("metadata must be an object");
    }
    for (String key : object.fieldNames()) {
      String name = key.toLowerCase(Locale.ROOT);
      if (!isFree(name)) {
        throw refusal("metadata has a name that is malformed or reserved");
      }
      Object value = object.getValue(key);
      for (Object item : value instanceof JsonArray list ? list : Collections.singleton(value)) {
        headers.add(name, checkedValue(name, item));
      }
    }
  }

  private static boolean isFree(String name) {
    return !name.isEmpty()
        && HttpHeaderValidationUtil.validateToken(name) < 0
        && !HttpHeaderValidationUtil.isConnectionHeader(name, false)
        && !RESERVED.contains(name)
        && RESERVED_PREFIXES.stream().noneMatch(name::startsWith);
  }

  private static String checkedValue(String name, Object value) {
    // As in gRPC: visible characters of ASCII, and spaces.
    if (value instanceof String text && text.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      return text.strip();
    }
    throw refusal("metadata " + name + " must have values of printable ASCII characters");
  }

  private static RpcException refusal(String message) {
    return new RpcException(new RpcStatus(GrpcStatus.INVALID_ARGUMENT, "MALFORMED_START", message));
  }
}
