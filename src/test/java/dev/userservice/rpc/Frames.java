package dev.userservice.rpc;

import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/** Message frames, right and wrong. */
public final class Frames {

  private Frames() {}

  public static byte[] frame(MessageLite message) {
    return frame(0, message.toByteArray());
  }

  public static byte[] frame(int flags, byte[] payload) {
    return frame(flags, payload.length, payload);
  }

  /** A frame whose length prefix may be wrong. */
  public static byte[] frame(int flags, int length, byte[] payload) {
    return ByteBuffer.allocate(5 + payload.length)
        .put((byte) flags)
        .putInt(length)
        .put(payload)
        .array();
  }

  public static byte[] gzipped(MessageLite message) {
    return frame(1, gzip(message.toByteArray()));
  }

  public static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(result)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return result.toByteArray();
  }

  /** Zeroes in gzip, without allocating all of them. */
  static byte[] bomb(int megabytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(result)) {
      byte[] zeroes = new byte[1 << 20];
      for (int i = 0; i < megabytes; i++) {
        gzip.write(zeroes);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return result.toByteArray();
  }

  static byte[] cut(byte[] bytes, int length) {
    return Arrays.copyOf(bytes, length);
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      result.writeBytes(part);
    }
    return result.toByteArray();
  }
}
