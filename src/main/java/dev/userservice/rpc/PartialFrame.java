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

  /** How many bytes have come. */
  int length() {
    return length;
  }

  /** The first byte; to be asked when the five bytes before the message have come. */
  byte flags() {
    return bytes[0];
  }

  /** How long the message says it is; to be asked when the five bytes before it have come. */
  long messageBytes() {
    return Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(1));
  }

  /**
   * Takes bytes of a chunk until there are as many as wanted, if there are not already, or the
   * chunk has no more.
   *
   * @return where the rest of the chunk begins
   */
  int take(Buffer chunk, int from, int wanted) {
    int count = Math.min(Math.max(0, wanted - length), chunk.length() - from);
    int needed = length + count;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, 2L * needed));
    }
    chunk.getBytes(from, from + count, bytes, length);
    length = needed;
    return from + count;
  }

  /** All of it, without a copy; to be called when it has come in full, as the last. */
  Buffer toBuffer() {
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }
}
