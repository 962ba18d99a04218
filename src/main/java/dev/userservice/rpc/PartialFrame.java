package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A message frame that comes in pieces. It takes as much memory as has come, twice at most, and
 * never more than the frame has: what a caller only announces costs nothing.
 */
final class PartialFrame {

  private byte[] bytes = new byte[FrameGate.PREFIX_BYTES];
  private int length;

  /** Whether the five bytes before the message have come, which say how long it is. */
  boolean hasPrefix() {
    return length >= FrameGate.PREFIX_BYTES;
  }

  /** The first byte; to be asked when there is the prefix. */
  byte flags() {
    return bytes[0];
  }

  /** How long the message says it is; to be asked when there is the prefix. */
  long messageBytes() {
    return Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(1));
  }

  /** The bytes that it takes, which grow with what has arrived. */
  int capacity() {
    return bytes.length;
  }

  boolean isComplete() {
    return hasPrefix() && length == wanted();
  }

  /**
   * Takes bytes of a chunk: until there is the prefix, or once it is there, until there is all.
   *
   * @return where the rest of the chunk begins
   */
  int take(Buffer chunk, int from) {
    int count = (int) Math.min(wanted() - length, chunk.length() - from);
    int needed = length + count;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(wanted(), 2L * needed));
    }
    chunk.getBytes(from, from + count, bytes, length);
    length = needed;
    return from + count;
  }

  private long wanted() {
    return hasPrefix() ? FrameGate.PREFIX_BYTES + messageBytes() : FrameGate.PREFIX_BYTES;
  }

  /** All of it, without a copy; to be called when it has come in full, as the last. */
  Buffer toBuffer() {
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }
}
