package dev.userservice.rpc;

import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
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

  /** A frame that a server sent. */
  public record Received(int flags, byte[] payload) {

    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }
  }

  /** The frames of a whole body. */
  public static List<Received> read(byte[] body) {
    List<Received> frames = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(body);
    while (bytes.hasRemaining()) {
      int flags = bytes.get() & 0xff;
      byte[] payload = new byte[bytes.getInt()];
      bytes.get(payload);
      frames.add(new Received(flags, payload));
    }
    return frames;
  }

  /** A body whole, byte by byte, and at a random place; a large one only whole. */
  static List<List<byte[]>> splits(byte[] body) {
    List<List<byte[]>> splits = new ArrayList<>();
    splits.add(List.of(body));
    if (body.length > 1 && body.length < 500) {
      List<byte[]> single = new ArrayList<>();
      for (byte b : body) {
        single.add(new byte[] {b});
        single.add(new byte[0]);
      }
      splits.add(single);
      int at = 1 + new Random(body.length).nextInt(body.length - 1);
      splits.add(List.of(Arrays.copyOf(body, at), Arrays.copyOfRange(body, at, body.length)));
    }
    return splits;
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
