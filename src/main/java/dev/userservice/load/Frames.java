package dev.userservice.load;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * Length-prefixed messages (gRPC over HTTP2, "Length-Prefixed-Message") without compression. The
 * client of Vert.x copies the rest of a chunk for each message in it; a load generator that did so
 * would measure itself.
 */
final class Frames {

  private static final int PREFIX = 5;

  /** The default limit of other gRPC clients. */
  private static final int MAX_BYTES = 4 << 20;

  private static final byte[] NONE = {};

  private byte[] rest = NONE;

  /** Checks a message; returns the fault in it, or null. */
  interface Reader {
    String received(byte[] bytes, int offset, int length) throws InvalidProtocolBufferException;
  }

  static Buffer frame(MessageLite message) {
    int size = message.getSerializedSize();
    byte[] bytes = new byte[PREFIX + size];
    bytes[1] = (byte) (size >>> 24);
    bytes[2] = (byte) (size >>> 16);
    bytes[3] = (byte) (size >>> 8);
    bytes[4] = (byte) size;
    try {
      message.writeTo(CodedOutputStream.newInstance(bytes, PREFIX, size));
    } catch (IOException e) {
      throw new UncheckedIOException("an array does not fail", e);
    }
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }

  /**
   * Reads the next part of a stream.
   *
   * @return the fault in it, or null
   */
  String read(Buffer chunk, Reader reader) {
    byte[] bytes = chunk.getBytes();
    if (rest.length > 0) {
      byte[] joined = Arrays.copyOf(rest, rest.length + bytes.length);
      System.arraycopy(bytes, 0, joined, rest.length, bytes.length);
      bytes = joined;
    }
    int at = 0;
    while (bytes.length - at >= PREFIX) {
      int length = length(bytes, at + 1);
      if (bytes[at] != 0 || length < 0 || length > MAX_BYTES) {
        return "the server sent a message that is compressed, or larger than 4 MiB";
      }
      if (bytes.length - at - PREFIX < length) {
        break;
      }
      try {
        String wrong = reader.received(bytes, at + PREFIX, length);
        if (wrong != null) {
          return wrong;
        }
      } catch (InvalidProtocolBufferException e) {
        return "the server sent a message that does not match the contract";
      }
      at += PREFIX + length;
    }
    rest = at == bytes.length ? NONE : Arrays.copyOfRange(bytes, at, bytes.length);
    return null;
  }

  /** Returns true when the stream ended within a message. */
  boolean isCut() {
    return rest.length > 0;
  }

  private static int length(byte[] bytes, int at) {
    return bytes[at] << 24
        | (bytes[at + 1] & 0xff) << 16
        | (bytes[at + 2] & 0xff) << 8
        | bytes[at + 3] & 0xff;
  }
}
