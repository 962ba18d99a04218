package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import java.io.IOException;

/**
 * Stands between HTTP and the gRPC deframer, and hands on one whole, checked message frame at a
 * time.
 *
 * <p>A frame is one byte of flags, four bytes of length and the message (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). The deframer behind this takes reserved flags for none, drops a frame
 * that the end of the stream cuts short, never answers one whose flag and headers contradict each
 * other, and copies the rest of its buffer for each message in it. Given exactly one frame a time,
 * it does none of that.
 *
 * <p>A violation goes to the exception handler as an {@link RpcException}; nothing is handed on
 * after it.
 */
final class FrameGate extends HttpServerRequestWrapper {

  static final int PREFIX_BYTES = 5;

  private static final byte COMPRESSED = 1;
  private static final String IDENTITY = "identity";

  private final int messageBytes;

  /** A frame that has not come in full; null between frames. */
  private PartialFrame partial;

  private boolean closed;
  private Handler<Buffer> handler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param messageBytes the largest message, both as it comes and inflated
   */
  FrameGate(HttpServerRequestInternal request, int messageBytes) {
    super(request);
    this.messageBytes = messageBytes;
  }

  @Override
  public HttpServerRequest handler(Handler<Buffer> handler) {
    this.handler = handler;
    delegate.handler(handler == null ? null : this::receive);
    return this;
  }

  @Override
  public HttpServerRequest endHandler(Handler<Void> endHandler) {
    delegate.endHandler(
        endHandler == null
            ? null
            : end -> {
              if (partial != null) {
                refuse(
                    "CUT_FRAME",
                    !partial.hasPrefix()
                        ? "the stream ended within the five bytes before a message"
                        : "the stream ended in the middle of a message");
              } else if (!closed) {
                endHandler.handle(end);
              }
            });
    return this;
  }

  @Override
  public HttpServerRequest exceptionHandler(Handler<Throwable> exceptionHandler) {
    this.exceptionHandler = exceptionHandler;
    delegate.exceptionHandler(exceptionHandler);
    return this;
  }

  // The deframer's queue may still want more or less after the last byte has come; the request that
  // is then at its end would throw.

  @Override
  public HttpServerRequest pause() {
    if (!delegate.isEnded()) {
      delegate.pause();
    }
    return this;
  }

  @Override
  public HttpServerRequest resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public HttpServerRequest fetch(long amount) {
    if (!delegate.isEnded()) {
      delegate.fetch(amount);
    }
    return this;
  }

  private void receive(Buffer chunk) {
    if (closed) {
      return;
    }
    int at = partial == null ? 0 : complete(chunk, 0);
    while (!closed && at < chunk.length()) {
      long end = end(chunk, at);
      if (end > chunk.length()) {
        partial = new PartialFrame();
        at = complete(chunk, at);
      } else {
        if (admits(chunk.getByte(at), end - at - PREFIX_BYTES)) {
          hand(chunk.slice(at, (int) end));
        }
        at = (int) end;
      }
    }
  }

  /** Where a frame ends; past the end of the chunk when it does not say yet. */
  private static long end(Buffer chunk, int at) {
    return chunk.length() - at < PREFIX_BYTES
        ? Long.MAX_VALUE
        : at + PREFIX_BYTES + chunk.getUnsignedInt(at + 1);
  }

  /** Adds to the frame that has not come in full. Returns where what comes after it begins. */
  private int complete(Buffer chunk, int from) {
    int at = partial.hasPrefix() ? from : partial.take(chunk, from);
    if (!partial.hasPrefix() || !admits(partial.flags(), partial.messageBytes())) {
      return at;
    }
    at = partial.take(chunk, at);
    if (partial.isComplete()) {
      Buffer frame = partial.toBuffer();
      partial = null;
      hand(frame);
    }
    return at;
  }

  /** Whether a frame may come in; decided from its first five bytes, before any of the rest. */
  private boolean admits(byte flags, long length) {
    if ((flags & ~COMPRESSED) != 0) {
      return refuse("RESERVED_FLAGS", "a message frame has reserved flags set");
    }
    if (length > messageBytes) {
      return refuse(tooLarge());
    }
    if (flags == 0) {
      return true;
    }
    String encoding = getHeader(GrpcHeaderNames.GRPC_ENCODING);
    if (Gzip.NAME.equals(encoding)) {
      return true;
    }
    if (encoding == null || IDENTITY.equals(encoding)) {
      return refuse(
          "NO_ENCODING", "a message is flagged as compressed, but grpc-encoding is not set");
    }
    return refuse(
        new RpcStatus(
            GrpcStatus.UNIMPLEMENTED,
            "UNKNOWN_ENCODING",
            "grpc-encoding must be gzip or identity"));
  }

  private void hand(Buffer frame) {
    if (frame.getByte(0) != COMPRESSED) {
      handler.handle(frame);
      return;
    }
    Buffer inflated;
    try {
      byte[] compressed = frame.getBytes(PREFIX_BYTES, frame.length());
      inflated = Gzip.inflate(compressed, messageBytes, PREFIX_BYTES);
    } catch (IOException corrupt) {
      refuse("CORRUPT_GZIP", "a message is flagged as compressed, but is not in gzip format");
      return;
    }
    if (inflated == null) {
      refuse(tooLarge());
      return;
    }
    handler.handle(inflated.setInt(1, inflated.length() - PREFIX_BYTES));
  }

  private RpcStatus tooLarge() {
    return new RpcStatus(
        GrpcStatus.RESOURCE_EXHAUSTED,
        "MESSAGE_TOO_LARGE",
        "a message has more than " + messageBytes + " bytes");
  }

  private boolean refuse(String reason, String message) {
    return refuse(new RpcStatus(GrpcStatus.INTERNAL, reason, message));
  }

  private boolean refuse(RpcStatus status) {
    closed = true;
    partial = null;
    exceptionHandler.handle(new RpcException(status));
    return false;
  }
}
