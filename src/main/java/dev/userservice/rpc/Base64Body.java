package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.Arrays;

/**
 * Decodes a body in base64 that arrives in pieces (RFC 4648, section 4). Padding may be in the
 * middle, because callers encode frame by frame.
 */
final class Base64Body {

  private static final int GROUP = 4;
  private static final int BYTES_OF_GROUP = 3;
  private static final int BITS = 6;
  private static final byte NONE = -1;
  private static final byte[] VALUES = new byte[128];

  static {
    Arrays.fill(VALUES, NONE);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < alphabet.length(); i++) {
      VALUES[alphabet.charAt(i)] = (byte) i;
    }
  }

  /** The characters of an incomplete group of four. */
  private int count;

  /** The padding among them. */
  private int padding;

  private int bits;

  /** Decodes a piece; returns null when it is not base64. */
  Buffer decode(Buffer piece) {
    byte[] decoded = new byte[(count + piece.length()) / GROUP * BYTES_OF_GROUP];
    int length = 0;
    for (int i = 0; i < piece.length(); i++) {
      if (!add(piece.getByte(i))) {
        return null;
      }
      if (count == GROUP) {
        for (int shift = 16; shift >= 8 * padding; shift -= 8) {
          decoded[length++] = (byte) (bits >> shift);
        }
        count = 0;
        padding = 0;
        bits = 0;
      }
    }
    return BufferInternal.buffer(Unpooled.wrappedBuffer(decoded, 0, length));
  }

  /** Adds a character to the group; false when it cannot be there. */
  private boolean add(byte c) {
    if (c == '=') {
      if (count < 2) {
        return false;
      }
      padding++;
      bits <<= BITS;
    } else {
      int value = c < 0 ? NONE : VALUES[c];
      if (value == NONE || padding > 0) {
        return false;
      }
      bits = bits << BITS | value;
    }
    count++;
    return true;
  }

  /** Returns true within a group of four characters. */
  boolean isCut() {
    return count > 0;
  }
}
