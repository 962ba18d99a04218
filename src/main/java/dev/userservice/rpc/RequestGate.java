package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import java.io.IOException;

/**
 * A gate between HTTP and the gRPC deframer of Vert.x. Whatever the protocol of the caller, it
 * passes on one whole, checked, inflated message at a time, as a frame of gRPC, on demand.
 *
 * <p>The deframer ignores reserved flags, drops a frame that the end of the stream cuts short,
 * never answers a frame whose flag and headers contradict each other, and copies the rest of its
 * buffer for each message. With exactly one frame at a time, none of this can happen.
 *
 * <p>While it is paused, received bytes stay as they are; all count for the memory of the call.
 *
 * <p>The exception handler receives a violation as an {@link RpcException}, the last thing passed.
 */
abstract class RequestGate extends HttpServerRequestWrapper {

  /** One byte of flags and four of length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
  static final int PREFIX_BYTES = 5;

  static final byte COMPRESSED = 1;

  /** The content-types that Vert.x expects over HTTP/2 and HTTP/1.1. */
  private static final String GRPC = "application/grpc";

  private static final String GRPC_WEB = "application/grpc-web";

  private final BoundMethod method;
  private final ContentType contentType;
  private final CallMemory memory;

  /** True if chunks are counted before they arrive, by HTTP/2. */
  private final boolean counted;

  /** A chunk with an unused rest, which starts at {@link #restFrom}; null unless paused. */
  private Buffer rest;

  private int restFrom;
  private boolean paused;
  private boolean delegatePaused;
  private boolean receiving;
  private boolean closed;
  private Handler<Buffer> handler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param method has the max size of a message, both compressed and inflated
   * @param memory counts the received bytes
   */
  RequestGate(
      HttpServerRequestInternal request,
      BoundMethod method,
      ContentType contentType,
      CallMemory memory) {
    super(request);
    this.method = method;
    this.contentType = contentType;
    this.memory = memory;
    this.counted = request.version() == HttpVersion.HTTP_2;
  }

  /** Returns the bytes of a received chunk, which the memory of the call holds. */
  Buffer decoded(Buffer chunk) {
    return chunk;
  }

  /**
   * Takes bytes of a chunk, and passes on the message that they complete.
   *
   * @return the index behind the bytes
   */
  abstract int take(Buffer chunk, int from);

  /** Passes on, or refuses, what the end of the stream leaves. */
  abstract void finish();

  /** Drops an incomplete message. */
  abstract void dropPartial();

  @Override
  public final String path() {
    return method.path();
  }

  /**
   * The headers that Vert.x asks for. It would take a regular expression to each timeout; deadlines
   * are ours.
   */
  @Override
  public final String getHeader(CharSequence name) {
    if (name == HttpHeaders.CONTENT_TYPE) {
      return counted ? GRPC : GRPC_WEB;
    }
    return name == GrpcHeaderNames.GRPC_TIMEOUT ? null : delegate.getHeader(name);
  }

  /** The request of the caller, as it arrived. */
  final HttpServerRequest http() {
    return delegate;
  }

  final BoundMethod bound() {
    return method;
  }

  final ContentType contentType() {
    return contentType;
  }

  final Protocol protocol() {
    return contentType.protocol();
  }

  final CallMemory memory() {
    return memory;
  }

  @Override
  public final HttpServerRequest handler(Handler<Buffer> handler) {
    this.handler = handler;
    delegate.handler(handler == null ? null : this::receive);
    return this;
  }

  @Override
  public final HttpServerRequest endHandler(Handler<Void> endHandler) {
    delegate.endHandler(endHandler == null ? null : end -> end(endHandler));
    return this;
  }

  private void end(Handler<Void> endHandler) {
    if (!closed) {
      finish();
    }
    if (!closed) {
      endHandler.handle(null);
    }
  }

  @Override
  public final HttpServerRequest exceptionHandler(Handler<Throwable> exceptionHandler) {
    this.exceptionHandler = exceptionHandler;
    delegate.exceptionHandler(exceptionHandler);
    return this;
  }

  /** Passes on nothing more, from the next message on; the end of the stream waits too. */
  @Override
  public final HttpServerRequest pause() {
    paused = true;
    // Vert.x throws for an ended request.
    if (!delegatePaused && !delegate.isEnded()) {
      delegatePaused = true;
      delegate.pause();
    }
    return this;
  }

  @Override
  public final HttpServerRequest resume() {
    paused = false;
    if (!receiving) {
      proceed();
    }
    return this;
  }

  /** Resumes, whatever the amount: readers count messages, not chunks. */
  @Override
  public final HttpServerRequest fetch(long amount) {
    return resume();
  }

  /** Drops all bytes that were not passed on, and all that still arrive. */
  final void discard() {
    closed = true;
    dropPartial();
    if (rest != null) {
      memory.release(rest.length());
      rest = null;
    }
    resume();
  }

  private void receive(Buffer chunk) {
    if (!counted) {
      memory.received(chunk.length());
    }
    if (closed) {
      memory.release(chunk.length());
      return;
    }
    use(decoded(chunk), 0);
    proceed();
  }

  /** Passes on the rest of a chunk, and then resumes HTTP. */
  private void proceed() {
    Buffer chunk = rest;
    if (chunk != null && !paused) {
      rest = null;
      use(chunk, restFrom);
    }
    if (delegatePaused && !paused && !delegate.isEnded()) {
      delegatePaused = false;
      delegate.resume();
    }
  }

  /** Passes on the messages of a chunk until it is used up, or this is paused. */
  private void use(Buffer chunk, int from) {
    receiving = true;
    int at = from;
    while (!closed && !paused && at < chunk.length()) {
      at = take(chunk, at);
    }
    receiving = false;
    if (!closed && at < chunk.length()) {
      rest = chunk;
      restFrom = at;
    } else {
      memory.release(chunk.length());
    }
  }

  /** The compression of messages, as the caller names it, or null. */
  String encoding() {
    return delegate.getHeader(protocol().encoding());
  }

  /** Checks the size of a message, and the header of a compressed one; false when refused. */
  final boolean admits(boolean compressed, long length) {
    if (length > method.messageBytes()) {
      return refuse(tooLarge());
    }
    if (!compressed) {
      return true;
    }
    String encoding = encoding();
    if (Gzip.NAME.equals(encoding)) {
      return true;
    }
    if (encoding == null || Gzip.IDENTITY.equals(encoding)) {
      return refuse(
          "NO_ENCODING",
          "a message is flagged as compressed, but " + protocol().encoding() + " is not set");
    }
    return refuse(
        new RpcStatus(
            GrpcStatus.UNIMPLEMENTED,
            "UNKNOWN_ENCODING",
            protocol().encoding() + " must be gzip or identity"));
  }

  /** Passes on a frame, inflated. */
  final void pass(Buffer frame) {
    if (frame.getByte(0) != COMPRESSED) {
      handler.handle(frame);
      return;
    }
    try {
      Buffer inflated = Gzip.inflate(frame, method.messageBytes());
      if (inflated == null) {
        refuse(tooLarge());
      } else {
        handler.handle(inflated);
      }
    } catch (IOException corrupt) {
      refuse("CORRUPT_GZIP", "a message is flagged as compressed, but is not in gzip format");
    }
  }

  private RpcStatus tooLarge() {
    return new RpcStatus(
        GrpcStatus.RESOURCE_EXHAUSTED,
        "MESSAGE_TOO_LARGE",
        "a message has more than " + method.messageBytes() + " bytes");
  }

  final boolean refuse(String reason, String message) {
    return refuse(new RpcStatus(protocol().violation(), reason, message));
  }

  private boolean refuse(RpcStatus status) {
    closed = true;
    dropPartial();
    exceptionHandler.handle(new RpcException(status));
    return false;
  }
}
