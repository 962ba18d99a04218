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

  /** The name of no compression. */
  static final String IDENTITY = "identity";

  /** The min size to compress: a smaller message grows, or shrinks too little for the cost. */
  static final int WORTHWHILE_BYTES = 1_024;

  private static final String NO_WEIGHT = "q=0";

  private static final int CHUNK_BYTES = 16_384;

  /** The max compression ratio of the format. */
  private static final long MAX_RATIO = 1_032;

  private Gzip() {}

  /** Returns true if a header of accepted encodings, which may be null, names gzip. */
  static boolean isAccepted(String header) {
    if (header == null || NAME.equals(header)) {
      return header != null;
    }
    int from = 0;
    for (int comma; (comma = header.indexOf(',', from)) >= 0; from = comma + 1) {
      if (isGzip(header.substring(from, comma))) {
        return true;
      }
    }
    return isGzip(header.substring(from));
  }

  /** Returns true for gzip, unless its weight is 0 (RFC 9110, section 12.4.2). */
  private static boolean isGzip(String part) {
    int weight = part.indexOf(';');
    return weight < 0
        ? NAME.equals(part.strip())
        : NAME.equals(part.substring(0, weight).strip())
            && !isZero(part.substring(weight + 1).strip());
  }

  private static boolean isZero(String weight) {
    return weight.startsWith(NO_WEIGHT)
        && weight.chars().skip(NO_WEIGHT.length()).allMatch(c -> c == '.' || c == '0');
  }

  /**
   * Inflates the message of a frame. Stops once the limit is exceeded; buffers nothing when the
   * declared length already exceeds it.
   *
   * @return a frame; null when the inflated size exceeds {@code maxBytes}
   * @throws IOException when the message is not in gzip format
   */
  static Buffer inflate(Buffer frame, int maxBytes) throws IOException {
    byte[] bytes = frame.getBytes(RequestGate.PREFIX_BYTES, frame.length());
    long declared = declaredLength(bytes);
    boolean keep = declared <= maxBytes;
    Buffer inflated =
        Buffer.buffer(RequestGate.PREFIX_BYTES + (keep ? (int) declared : 0))
            .appendBytes(new byte[RequestGate.PREFIX_BYTES]);
    // No larger than the message may become, because small messages are frequent.
    byte[] chunk = new byte[Math.min(CHUNK_BYTES, maxBytes + 1)];
    int length = 0;
    int input = Math.max(1, Math.min(CHUNK_BYTES, bytes.length));
    try (var gzip = new GZIPInputStream(new ByteArrayInputStream(bytes), input)) {
      for (int read = gzip.read(chunk); read >= 0; read = gzip.read(chunk)) {
        length += read;
        if (length > maxBytes) {
          return null;
        }
        if (keep) {
          inflated.appendBytes(chunk, 0, read);
        }
      }
    } catch (StackOverflowError manyMembers) {
      // The JDK's reader recurses for each member of a stream.
      throw new IOException(manyMembers);
    }
    return inflated.setInt(1, length);
  }

  /**
   * The length in the last four bytes, modulo 2^32 (RFC 1952, ISIZE), which the stream checks at
   * its end. A false one is bounded by the max ratio.
   */
  private static long declaredLength(byte[] bytes) {
    if (bytes.length < Integer.BYTES) {
      return 0;
    }
    int declared =
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - Integer.BYTES);
    return Math.min(Integer.toUnsignedLong(declared), bytes.length * MAX_RATIO);
  }

  /**
   * Compresses a message.
   *
   * @param framed true if it has the prefix of a frame; the result then has one, too
   */
  static Buffer deflate(Buffer message, boolean framed) {
    int prefix = framed ? RequestGate.PREFIX_BYTES : 0;
    ByteArrayOutputStream result = new ByteArrayOutputStream(message.length() / 2);
    result.write(new byte[prefix], 0, prefix);
    try (var gzip = new GZIPOutputStream(result)) {
      gzip.write(message.getBytes(prefix, message.length()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Buffer compressed = Buffer.buffer(result.toByteArray());
    return framed
        ? compressed.setByte(0, RequestGate.COMPRESSED).setInt(1, compressed.length() - prefix)
        : compressed;
  }
}
