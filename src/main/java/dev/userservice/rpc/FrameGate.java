package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import java.io.IOException;

/**
 * A gate between HTTP and the gRPC deframer, which passes on one whole, checked message frame at a
 * time, on demand.
 *
 * <p>A frame is one byte of flags, four bytes of length and the message (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). The deframer behind this ignores reserved flags, drops a frame that
 * the end of the stream cuts short, never answers a frame whose flag and headers contradict each
 * other, and copies the rest of its buffer for each message. With exactly one frame at a time, none
 * of this can happen.
 *
 * <p>While it is paused, received bytes stay as they are: nothing is inflated, and the deframer
 * queues nothing. All of them count for the memory of the call.
 *
 * <p>The exception handler receives a violation as an {@link RpcException}; nothing is passed on
 * after it.
 */
final class FrameGate extends HttpServerRequestWrapper {

  static final int PREFIX_BYTES = 5;

  private static final byte COMPRESSED = 1;
  private static final String IDENTITY = "identity";

  private final String path;
  private final int messageBytes;
  private final CallMemory memory;

  /** True if chunks are counted before they arrive, by HTTP/2. */
  private final boolean counted;

  /** An incomplete frame; null between frames. */
  private PartialFrame partial;

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
   * @param path the path to show to the gRPC server
   * @param messageBytes the max size of a message, both compressed and inflated
   * @param memory counts the received bytes
   */
  FrameGate(HttpServerRequestInternal request, String path, int messageBytes, CallMemory memory) {
    super(request);
    this.path = path;
    this.messageBytes = messageBytes;
    this.memory = memory;
    this.counted = request.version() == HttpVersion.HTTP_2;
  }

  @Override
  public String path() {
    return path;
  }

  CallMemory memory() {
    return memory;
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

  /** Passes on nothing more, from the next frame on; the end of the stream waits too. */
  @Override
  public HttpServerRequest pause() {
    paused = true;
    // Vert.x throws for an ended request.
    if (!delegatePaused && !delegate.isEnded()) {
      delegatePaused = true;
      delegate.pause();
    }
    return this;
  }

  @Override
  public HttpServerRequest resume() {
    paused = false;
    if (!receiving) {
      proceed();
    }
    return this;
  }

  /** Resumes, whatever the amount: readers count messages, not chunks. */
  @Override
  public HttpServerRequest fetch(long amount) {
    return resume();
  }

  /** Drops all bytes that were not passed on, and all that still arrive. */
  void discard() {
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
    use(chunk, 0);
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

  /** Passes on the frames of a chunk until it is used up, or this is paused. */
  private void use(Buffer chunk, int from) {
    receiving = true;
    int at = from;
    while (!closed && !paused && at < chunk.length()) {
      at = partial == null ? next(chunk, at) : complete(chunk, at);
    }
    receiving = false;
    if (!closed && at < chunk.length()) {
      rest = chunk;
      restFrom = at;
    } else {
      memory.release(chunk.length());
    }
  }

  /** Passes on the frame at an index, or starts a partial one. Returns the index behind it. */
  private int next(Buffer chunk, int at) {
    long end = end(chunk, at);
    if (end > chunk.length()) {
      partial = new PartialFrame();
      return complete(chunk, at);
    }
    if (admits(chunk.getByte(at), end - at - PREFIX_BYTES)) {
      pass(chunk.slice(at, (int) end));
    }
    return (int) end;
  }

  /** The end of a frame; behind the end of the chunk while its length is unknown. */
  private static long end(Buffer chunk, int at) {
    return chunk.length() - at < PREFIX_BYTES
        ? Long.MAX_VALUE
        : at + PREFIX_BYTES + chunk.getUnsignedInt(at + 1);
  }

  /** Adds bytes to the partial frame. Returns the index of the first byte behind them. */
  private int complete(Buffer chunk, int from) {
    int at = partial.hasPrefix() ? from : partial.take(chunk, from);
    if (!partial.hasPrefix() || !admits(partial.flags(), partial.messageBytes())) {
      return at;
    }
    int before = partial.capacity();
    at = partial.take(chunk, at);
    memory.received(partial.capacity() - before);
    // The call, and with it this frame, may have ended for lack of memory.
    if (partial != null && partial.isComplete()) {
      Buffer frame = partial.toBuffer();
      dropPartial();
      pass(frame);
    }
    return at;
  }

  private void dropPartial() {
    if (partial != null) {
      memory.release(partial.capacity() - PREFIX_BYTES);
      partial = null;
    }
  }

  /** Checks the first five bytes of a frame, before the rest arrives; false when refused. */
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

  private void pass(Buffer frame) {
    if (frame.getByte(0) != COMPRESSED) {
      handler.handle(frame);
      return;
    }
    Buffer inflated;
    try {
      byte[] compressed = frame.getBytes(PREFIX_BYTES, frame.length());
      inflated = Gzip.inflate(compressed, messageBytes, PREFIX_BYTES);
    } catch (IOException | StackOverflowError corrupt) {
      // The JDK's reader recurses for each member of a stream, which may have many.
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
    dropPartial();
    exceptionHandler.handle(new RpcException(status));
    return false;
  }
}
