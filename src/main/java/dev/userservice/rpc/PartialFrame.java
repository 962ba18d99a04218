package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A message frame that arrives in pieces. It uses at most five times the memory of the received
 * bytes, and never more than the size of the frame: a declared length alone costs nothing.
 */
final class PartialFrame {

  /**
   * A message of 64 KiB in HTTP/2 frames of 16 KiB is copied once. Its frame has five bytes more,
   * so 4 would copy all of it again for the last five.
   */
  private static final long MAX_GROWTH = 5;

  private byte[] bytes = new byte[RequestGate.PREFIX_BYTES];
  private int length;

  /** Returns true once the five bytes before the message have arrived, with its length. */
  boolean hasPrefix() {
    return length >= RequestGate.PREFIX_BYTES;
  }

  /** The first byte; requires {@link #hasPrefix}. */
  byte flags() {
    return bytes[0];
  }

  /** The declared length of the message; requires {@link #hasPrefix}. */
  long messageBytes() {
    return Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(1));
  }

  /** The allocated bytes, which grow with the received ones. */
  int capacity() {
    return bytes.length;
  }

  boolean isComplete() {
    return hasPrefix() && length == wanted();
  }

  /**
   * Takes bytes of a chunk: up to the end of the prefix, or then up to the end of the frame.
   *
   * @return the index of the rest of the chunk
   */
  int take(Buffer chunk, int from) {
    int count = (int) Math.min(wanted() - length, chunk.length() - from);
    int needed = length + count;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(wanted(), MAX_GROWTH * needed));
    }
    chunk.getBytes(from, from + count, bytes, length);
    length = needed;
    return from + count;
  }

  private long wanted() {
    return hasPrefix() ? RequestGate.PREFIX_BYTES + messageBytes() : RequestGate.PREFIX_BYTES;
  }

  /** The complete frame, without copying. Call once, after {@link #isComplete}. */
  Buffer toBuffer() {
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }
}
