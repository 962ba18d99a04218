package dev.userservice.rpc;

import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Message compression; its name on the wire is {@link #NAME}. */
final class Gzip {

  static final String NAME = "gzip";

  /** Below this many bytes a message gets larger, or too little smaller to be worth the time. */
  static final int WORTHWHILE_BYTES = 1_024;

  private static final int CHUNK_BYTES = 16_384;

  /** The format cannot make more than this many bytes of one. */
  private static final long MOST_RATIO = 1_032;

  private Gzip() {}

  /** Whether a {@code grpc-accept-encoding} header names gzip; null when there is none. */
  static boolean isAccepted(String header) {
    if (header == null || NAME.equals(header)) {
      return header != null;
    }
    int from = 0;
    for (int comma; (comma = header.indexOf(',', from)) >= 0; from = comma + 1) {
      if (NAME.equals(header.substring(from, comma).strip())) {
        return true;
      }
    }
    return NAME.equals(header.substring(from).strip());
  }

  /**
   * Inflates no further than it has to in order to know that there is too much, and keeps nothing
   * of what says itself that it is.
   *
   * @param room bytes to leave free, as zeroes, before the inflated ones
   * @return null when there are more than {@code most} inflated bytes
   * @throws IOException when these are not gzip's
   */
  static Buffer inflate(byte[] bytes, int most, int room) throws IOException {
    long said = lengthSaid(bytes);
    boolean keep = said <= most;
    Buffer inflated = Buffer.buffer(room + (keep ? (int) said : 0)).appendBytes(new byte[room]);
    // Small messages are many: what is allocated for one must not be more than it could become.
    byte[] chunk = new byte[Math.min(CHUNK_BYTES, most + 1)];
    long length = 0;
    int input = Math.max(1, Math.min(CHUNK_BYTES, bytes.length));
    try (var gzip = new GZIPInputStream(new ByteArrayInputStream(bytes), input)) {
      for (int read = gzip.read(chunk); read >= 0; read = gzip.read(chunk)) {
        length += read;
        if (length > most) {
          return null;
        }
        if (keep) {
          inflated.appendBytes(chunk, 0, read);
        }
      }
    }
    return inflated;
  }

  /**
   * The length that the last four bytes give, modulo 2^32 (RFC 1952, ISIZE), which the stream
   * checks when it gets there; a lie costs no more than so many bytes could hold.
   */
  private static long lengthSaid(byte[] bytes) {
    if (bytes.length < Integer.BYTES) {
      return 0;
    }
    int said =
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - Integer.BYTES);
    return Math.min(Integer.toUnsignedLong(said), bytes.length * MOST_RATIO);
  }

  static Buffer deflate(Buffer bytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream(bytes.length() / 2);
    try (var gzip = new GZIPOutputStream(result)) {
      gzip.write(bytes.getBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Buffer.buffer(result.toByteArray());
  }
}
