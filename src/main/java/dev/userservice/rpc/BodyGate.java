package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import java.util.Arrays;

/** The gate of requests whose body is one message: of Connect's unary calls. */
final class BodyGate extends RequestGate {

  private static final byte[] EMPTY = {};

  private final int messageBytes;

  /** Room for the prefix of a frame, and the received part of the body behind it. */
  private byte[] bytes = EMPTY;

  private int length;

  BodyGate(
      HttpServerRequestInternal request,
      String path,
      ContentType contentType,
      int messageBytes,
      CallMemory memory) {
    super(request, path, contentType, messageBytes, memory);
    this.messageBytes = messageBytes;
  }

  @Override
  int take(Buffer chunk, int from) {
    int count = chunk.length() - from;
    if (!admits(isCompressed(), (long) length + count)) {
      return chunk.length();
    }
    int needed = PREFIX_BYTES + length + count;
    if (needed > bytes.length) {
      int capacity = Math.min(2 * needed, PREFIX_BYTES + messageBytes);
      int more = capacity - bytes.length;
      bytes = Arrays.copyOf(bytes, capacity);
      // Last, because the call, and with it the body, may end for lack of memory.
      memory().received(more);
    }
    if (bytes.length >= needed) {
      chunk.getBytes(from, chunk.length(), bytes, PREFIX_BYTES + length);
      length += count;
    }
    return chunk.length();
  }

  private boolean isCompressed() {
    String encoding = header(protocol().encoding());
    return encoding != null && !encoding.equals("identity");
  }

  @Override
  void finish() {
    byte[] frame = bytes.length == 0 ? new byte[PREFIX_BYTES] : bytes;
    int end = PREFIX_BYTES + length;
    // An empty body is an empty message, compressed or not.
    boolean compressed = length > 0 && isCompressed();
    Buffer message = BufferInternal.buffer(Unpooled.wrappedBuffer(frame, 0, end));
    message.setByte(0, compressed ? COMPRESSED : 0).setInt(1, length);
    dropPartial();
    pass(message);
  }

  @Override
  void dropPartial() {
    memory().release(bytes.length);
    bytes = EMPTY;
    length = 0;
  }
}
