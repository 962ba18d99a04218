package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/** The response of a unary call of Connect: an HTTP status, and a message or an error as body. */
final class ConnectResponse extends HttpResponse {

  /** The prefix of the headers that have the metadata of the end. */
  private static final String TRAILER = "trailer-";

  ConnectResponse(RequestGate request) {
    super(request);
  }

  @Override
  Future<Void> succeed(Buffer message, MultiMap trailers) {
    add(trailers);
    return message == null ? http.end() : http.end(message);
  }

  @Override
  Future<Void> fail(RpcStatus status, String domain, MultiMap trailers) {
    add(trailers);
    // Also for calls in protobuf: errors are always JSON.
    http.setStatusCode(ConnectError.httpStatus(status.code()))
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
    return http.end(ConnectError.json(status, domain).toBuffer());
  }

  private void add(MultiMap trailers) {
    if (trailers != null) {
      trailers.forEach((name, value) -> http.headers().add(TRAILER + name, value));
    }
  }
}
