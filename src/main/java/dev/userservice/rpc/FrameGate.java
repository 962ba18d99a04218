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
 * Stands between HTTP and the gRPC deframer, and hands on one whole, checked message frame at a
 * time, when it is wanted.
 *
 * <p>A frame is one byte of flags, four bytes of length and the message (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). The deframer behind this takes reserved flags for none, drops a frame
 * that the end of the stream cuts short, never answers one whose flag and headers contradict each
 * other, and copies the rest of its buffer for each message in it. Given exactly one frame a time,
 * it does none of that.
 *
 * <p>While it is paused, what has arrived stays as it came: nothing is inflated, and the deframer
 * queues nothing. All of it counts for the memory of the call.
 *
 * <p>A violation goes to the exception handler as an {@link RpcException}; nothing is handed on
 * after it.
 */
final class FrameGate extends HttpServerRequestWrapper {

  static final int PREFIX_BYTES = 5;

  private static final byte COMPRESSED = 1;
  private static final String IDENTITY = "identity";

  private final String path;
  private final int messageBytes;
  private final CallMemory memory;

  /** Whether HTTP/2 has counted a chunk before it comes here. */
  private final boolean counted;

  /** A frame that has not arrived in full; null between frames. */
  private PartialFrame partial;

  /** A chunk that is not used up, and where its rest begins; null unless paused. */
  private Buffer rest;

  private int restFrom;
  private boolean paused;
  private boolean delegatePaused;
  private boolean receiving;
  private boolean closed;
  private Handler<Buffer> handler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param path the path that the gRPC server is to see
   * @param messageBytes the largest message, both as it comes and inflated
   * @param memory what holds what has arrived
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

  /** Hands on nothing more, from the next frame on; the end of the stream waits too. */
  @Override
  public HttpServerRequest pause() {
    paused = true;
    // A request that is at its end would throw.
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
      goOn();
    }
    return this;
  }

  /** Chunks are not counted: who reads pauses by messages. */
  @Override
  public HttpServerRequest fetch(long amount) {
    return resume();
  }

  /** Takes nothing more in, and drops what was not handed on. */
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
    goOn();
  }

  /** Hands on what is left of a chunk, and then lets more arrive. */
  private void goOn() {
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

  /** Goes through the frames of a chunk until it is used up, or no more are wanted. */
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

  /** Hands on the frame at a place, or begins to gather it. Returns where what follows begins. */
  private int next(Buffer chunk, int at) {
    long end = end(chunk, at);
    if (end > chunk.length()) {
      partial = new PartialFrame();
      return complete(chunk, at);
    }
    if (admits(chunk.getByte(at), end - at - PREFIX_BYTES)) {
      hand(chunk.slice(at, (int) end));
    }
    return (int) end;
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
    int before = partial.capacity();
    at = partial.take(chunk, at);
    memory.received(partial.capacity() - before);
    // The call may have ended by that, and with it this frame.
    if (partial != null && partial.isComplete()) {
      Buffer frame = partial.toBuffer();
      dropPartial();
      hand(frame);
    }
    return at;
  }

  private void dropPartial() {
    if (partial != null) {
      memory.release(partial.capacity() - PREFIX_BYTES);
      partial = null;
    }
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
    } catch (IOException | StackOverflowError corrupt) {
      // The JDK's reader calls itself for each member of a stream that has many.
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
