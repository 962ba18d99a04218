package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;

/**
 * The response of a call over a WebSocket: one message a frame, then {@code end}, then the close.
 */
final class SocketResponse extends ProtocolResponse {

  private final ServerWebSocket socket;
  private final boolean json;

  SocketResponse(SocketRequest request) {
    this.socket = request.socket();
    this.json = request.type().json();
  }

  @Override
  void head(boolean gzip, MultiMap metadata) {
    if (metadata != null) {
      control(SocketRequest.HEADERS, ConnectError.metadata(metadata));
    }
  }

  @Override
  Future<Void> write(Buffer frames) {
    Future<Void> last = Future.succeededFuture();
    int at = 0;
    while (at < frames.length()) {
      int from = at + RequestGate.PREFIX_BYTES;
      at = from + frames.getInt(at + 1);
      last = message(frames.slice(from, at));
    }
    return last;
  }

  private Future<Void> message(Buffer message) {
    return json
        ? socket.writeTextMessage(message.toString(StandardCharsets.UTF_8))
        : socket.writeBinaryMessage(message);
  }

  @Override
  Future<Void> succeed(Buffer frame, MultiMap trailers) {
    if (frame != null) {
      write(frame);
    }
    return end(ConnectError.endOfStream(null, trailers));
  }

  @Override
  Future<Void> fail(RpcStatus status, String domain, MultiMap trailers) {
    return end(ConnectError.endOfStream(ConnectError.json(status, domain), trailers));
  }

  private Future<Void> end(JsonObject end) {
    Future<Void> sent = control(SocketRequest.END, end);
    socket.close();
    return sent;
  }

  private Future<Void> control(String word, JsonObject content) {
    return socket.writeTextMessage(word + " " + content.encode());
  }

  @Override
  void reset(long http2Error) {
    socket.close();
  }

  @Override
  void onClose(Handler<Void> handler) {
    if (!socket.isClosed()) {
      socket.closeHandler(handler);
    }
  }
}
