package dev.userservice.rpc;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.http.HttpServerRequestInternal;

/** The gate of requests whose messages are frames: of all protocols but Connect's unary calls. */
final class FrameGate extends RequestGate {

  /** Null unless the body is in base64. */
  private final Base64Body base64;

  /** An incomplete frame; null between frames. */
  private PartialFrame partial;

  FrameGate(
      HttpServerRequestInternal request,
      BoundMethod method,
      ContentType contentType,
      CallMemory memory) {
    super(request, method, contentType, memory);
    base64 = contentType.protocol() == Protocol.GRPC_WEB_TEXT ? new Base64Body() : null;
  }

  @Override
  Buffer decoded(Buffer chunk) {
    if (base64 == null) {
      return chunk;
    }
    Buffer bytes = base64.decode(chunk);
    if (bytes == null) {
      refuse("MALFORMED_BASE64", "the body is not in base64");
      return chunk;
    }
    // Characters of an earlier piece may complete more bytes than this one has.
    memory().force(bytes.length());
    memory().release(chunk.length());
    return bytes;
  }

  @Override
  int take(Buffer chunk, int from) {
    return partial == null ? next(chunk, from) : complete(chunk, from);
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
    memory().received(partial.capacity() - before);
    // The call, and with it this frame, may have ended for lack of memory.
    if (partial != null && partial.isComplete()) {
      Buffer frame = partial.toBuffer();
      dropPartial();
      pass(frame);
    }
    return at;
  }

  /** Checks the first five bytes of a frame, before the rest arrives; false when refused. */
  private boolean admits(byte flags, long length) {
    if ((flags & ~COMPRESSED) != 0) {
      return refuse("RESERVED_FLAGS", "a message frame has reserved flags set");
    }
    return admits(flags == COMPRESSED, length);
  }

  @Override
  void finish() {
    if (base64 != null && base64.isCut()) {
      refuse("CUT_FRAME", "the stream ended within four characters of base64");
    } else if (partial != null) {
      refuse(
          "CUT_FRAME",
          !partial.hasPrefix()
              ? "the stream ended within the five bytes before a message"
              : "the stream ended in the middle of a message");
    }
  }

  @Override
  void dropPartial() {
    if (partial != null) {
      memory().release(partial.capacity() - PREFIX_BYTES);
      partial = null;
    }
  }
}
