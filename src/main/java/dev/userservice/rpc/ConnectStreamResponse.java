package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/** The response of a stream of Connect, whose last frame tells how the call ended. */
final class ConnectStreamResponse extends HttpResponse {

  /** The flag of the last frame. */
  private static final byte END = 2;

  ConnectStreamResponse(RequestGate request) {
    super(request);
  }

  @Override
  Future<Void> succeed(Buffer frame, MultiMap trailers) {
    return end(frame, ConnectError.endOfStream(null, trailers));
  }

  @Override
  Future<Void> fail(RpcStatus status, String domain, MultiMap trailers) {
    return end(null, ConnectError.endOfStream(ConnectError.json(status, domain), trailers));
  }

  private Future<Void> end(Buffer frame, JsonObject end) {
    return http.end(lastFrame(frame, END, end.toBuffer()));
  }
}
