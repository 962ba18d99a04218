package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.grpc.common.GrpcStatus;
import java.lang.reflect.Proxy;

/**
 * A call over a WebSocket, as an HTTP request whose body has a frame of gRPC for each message.
 *
 * <p>A text frame that begins with a brace is a message in JSON, a binary frame one in protobuf.
 * Other text frames are words: {@code start}, the first frame, may be followed by a JSON object
 * (see {@link SocketStart}); {@code end} half-closes.
 */
final class SocketRequest extends HttpServerRequestWrapper {

  static final String START = "start";
  static final String END = "end";

  /** The word before the metadata of a response. */
  static final String HEADERS = "headers";

  /** The close code of a server that stops (RFC 6455, section 7.4.1). */
  private static final short GOING_AWAY = 1001;

  /** The max size of a frame that is not a message. */
  private static final int MAX_WORD_BYTES = 16_384;

  /**
   * The HTTP response, which has been sent. The gRPC response of Vert.x sets handlers on it, and is
   * otherwise not used.
   */
  private static final HttpServerResponse SENT =
      (HttpServerResponse)
          Proxy.newProxyInstance(
              HttpServerResponse.class.getClassLoader(),
              new Class<?>[] {HttpServerResponse.class},
              (response, method, arguments) ->
                  method.getReturnType() == HttpServerResponse.class ? response : null);

  private final ServerWebSocket socket;
  private final CallMemory memory;
  private final int messageBytes;
  private Handler<Buffer> handler;
  private Handler<Void> endHandler;
  private Handler<Throwable> exceptionHandler;

  /** Called when the call starts; null from then on. */
  private Runnable starting;

  private SocketStart start = SocketStart.none();
  private MultiMap headers;

  /** The prefix of a frame of gRPC, and the received part of a message behind it. */
  private Buffer partial;

  private boolean text;
  private boolean ended;
  private boolean broken;

  /**
   * @param memory counts the received frames
   * @param messageBytes the max size of a message
   */
  SocketRequest(
      HttpServerRequest http, ServerWebSocket socket, CallMemory memory, int messageBytes) {
    super((HttpServerRequestInternal) http);
    this.socket = socket;
    this.memory = memory;
    this.messageBytes = messageBytes;
  }

  /**
   * Waits for the first frame.
   *
   * @param millis the max time
   * @param starting called once, when the call starts, also with a refusal
   */
  void awaitStart(Vertx vertx, int millis, Runnable starting) {
    if (socket.isClosed()) {
      memory.close();
      return;
    }
    long timer =
        vertx.setTimer(
            millis,
            late ->
                refuse(
                    GrpcStatus.DEADLINE_EXCEEDED,
                    "REQUEST_TIMEOUT",
                    "the first frame did not arrive within " + millis + " ms"));
    this.starting =
        () -> {
          vertx.cancelTimer(timer);
          starting.run();
        };
    // The response of the call sets its own.
    socket.closeHandler(
        closed -> {
          vertx.cancelTimer(timer);
          memory.close();
        });
    socket.shutdownHandler(
        stopping -> {
          if (this.starting != null) {
            socket.close(GOING_AWAY);
          }
        });
    socket.frameHandler(this::receive);
  }

  ServerWebSocket socket() {
    return socket;
  }

  /** The type of the call, once it starts. */
  ContentType type() {
    return new ContentType(Protocol.WEB_SOCKET, start.json(), "");
  }

  private void receive(WebSocketFrame frame) {
    if (!frame.isText() && !frame.isBinary() && !frame.isContinuation()) {
      return;
    }
    Buffer data = frame.binaryData();
    if (broken) {
      memory.release(data.length());
      return;
    }
    if (!frame.isContinuation()) {
      text = frame.isText();
      partial = Buffer.buffer(RequestGate.PREFIX_BYTES + data.length());
      partial.appendByte((byte) 0).appendInt(0);
    }
    partial.appendBuffer(data);
    int length = partial.length() - RequestGate.PREFIX_BYTES;
    if (frame.isFinal() || length > messageBytes) {
      Buffer complete = partial.setInt(1, length);
      partial = null;
      // What continues a message that is too large is dropped.
      broken = !frame.isFinal();
      memory.release(length);
      complete(complete, length);
    }
  }

  private void complete(Buffer frame, int length) {
    if (text && (length == 0 || frame.getByte(RequestGate.PREFIX_BYTES) != '{')) {
      word(
          length > MAX_WORD_BYTES ? "" : frame.getString(RequestGate.PREFIX_BYTES, frame.length()));
    } else if (starting != null) {
      refuse("the first frame must be start, alone or followed by a JSON object");
    } else if (ended) {
      refuse("a message follows end");
    } else if (text != start.json()) {
      refuse("messages are frames of " + (start.json() ? "text, in JSON" : "bytes, in protobuf"));
    } else {
      handler.handle(frame);
    }
  }

  private void word(String word) {
    if (word.equals(START) || word.startsWith(START + " ")) {
      start(word.substring(START.length()));
    } else if (word.equals(END) && starting == null && !ended) {
      ended = true;
      endHandler.handle(null);
    } else {
      refuse("a text frame must be a JSON object, or once start, the first, or end, the last");
    }
  }

  private void start(String json) {
    if (starting == null) {
      refuse("start is the first frame only");
      return;
    }
    try {
      start = SocketStart.parse(json);
      open();
    } catch (RpcException malformed) {
      open();
      broken = true;
      exceptionHandler.handle(malformed);
    }
  }

  private void open() {
    Runnable opening = starting;
    starting = null;
    opening.run();
  }

  private void refuse(String message) {
    refuse(Protocol.WEB_SOCKET.violation(), "MALFORMED_SOCKET", message);
  }

  /** Ends the call, which may not have started. */
  private void refuse(GrpcStatus status, String reason, String message) {
    broken = true;
    if (starting != null) {
      open();
    }
    exceptionHandler.handle(new RpcException(new RpcStatus(status, reason, message)));
  }

  @Override
  public MultiMap headers() {
    if (headers == null) {
      headers = HttpHeaders.headers().addAll(delegate.headers());
      start.headers().names().forEach(name -> headers.set(name, start.headers().getAll(name)));
    }
    return headers;
  }

  @Override
  public String getHeader(String name) {
    return headers().get(name);
  }

  @Override
  public String getHeader(CharSequence name) {
    return headers().get(name);
  }

  @Override
  public HttpServerResponse response() {
    return SENT;
  }

  @Override
  public HttpServerRequest handler(Handler<Buffer> handler) {
    this.handler = handler;
    return this;
  }

  @Override
  public HttpServerRequest endHandler(Handler<Void> handler) {
    endHandler = handler;
    return this;
  }

  @Override
  public HttpServerRequest exceptionHandler(Handler<Throwable> handler) {
    exceptionHandler = handler;
    return this;
  }

  @Override
  public HttpServerRequest pause() {
    socket.pause();
    return this;
  }

  @Override
  public HttpServerRequest resume() {
    socket.resume();
    return this;
  }

  @Override
  public boolean isEnded() {
    return ended;
  }
}
