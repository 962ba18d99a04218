package dev.userservice.rpc;

import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Message compression; its name on the wire is {@link #NAME}. */
final class Gzip {

  static final String NAME = "gzip";

  /** Below this many bytes a message gets larger, or too little smaller to be worth the time. */
  static final int WORTHWHILE_BYTES = 1_024;

  private Gzip() {}

  /**
   * Inflates no further than it has to in order to know that there is too much.
   *
   * @return the inflated bytes; one more than {@code most} when there are more than that
   * @throws IOException when these are not gzip's
   */
  static byte[] inflate(byte[] bytes, int most) throws IOException {
    try (var gzip = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      return gzip.readNBytes(most + 1);
    }
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
