package dev.userservice.client;

import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.CodecException;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.WireFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/**
 * Parses the messages in the body of a response (gRPC over HTTP2, "Length-Prefixed-Message").
 * Buffers at most one message of {@value #MAX_BYTES} bytes, and inflates to no more than that.
 */
final class MessageReader<R> {

  private static final int PREFIX_BYTES = 5;
  private static final int MAX_BYTES = 256 << 10;

  private final GrpcMessageDecoder<R> decoder;
  private final String encoding;
  private Buffer rest = Buffer.buffer();

  /**
   * @param encoding the grpc-encoding of the answer; null for none
   */
  MessageReader(GrpcMessageDecoder<R> decoder, String encoding) {
    this.decoder = decoder;
    this.encoding = encoding == null ? "identity" : encoding;
  }

  /**
   * Reads the next bytes of the body, and passes on each complete message.
   *
   * @throws CallException when a message is invalid; the reader cannot be used afterwards
   */
  void read(Buffer chunk, Consumer<R> handler) {
    rest.appendBuffer(chunk);
    int at = 0;
    while (rest.length() - at >= PREFIX_BYTES) {
      int flags = rest.getUnsignedByte(at);
      long length = rest.getUnsignedInt(at + 1);
      if (flags > 1) {
        throw CallException.here(
            GrpcStatus.INTERNAL,
            "a message has the flags %d, which gRPC reserves".formatted(flags));
      }
      if (length > MAX_BYTES) {
        throw tooLarge();
      }
      int from = at + PREFIX_BYTES;
      int to = from + (int) length;
      if (rest.length() < to) {
        break;
      }
      byte[] message = rest.getBytes(from, to);
      handler.accept(decode(flags == 0 ? message : inflate(message)));
      at = to;
    }
    if (at > 0) {
      rest = rest.getBuffer(at, rest.length());
    }
  }

  /** Returns true when the body so far ends within a message. */
  boolean isCut() {
    return rest.length() > 0;
  }

  private R decode(byte[] message) {
    try {
      return decoder.decode(
          GrpcMessage.message("identity", WireFormat.PROTOBUF, Buffer.buffer(message)));
    } catch (CodecException e) {
      throw CallException.here(GrpcStatus.INTERNAL, "a message does not match the contract");
    }
  }

  private byte[] inflate(byte[] message) {
    if (!encoding.equals("gzip")) {
      throw CallException.here(
          GrpcStatus.INTERNAL,
          "a message is compressed, but grpc-encoding is %s: this client reads gzip"
              .formatted(encoding));
    }
    try (var gzip = new GZIPInputStream(new ByteArrayInputStream(message))) {
      byte[] inflated = gzip.readNBytes(MAX_BYTES + 1);
      if (inflated.length > MAX_BYTES) {
        throw tooLarge();
      }
      return inflated;
    } catch (IOException e) {
      throw CallException.here(GrpcStatus.INTERNAL, "a compressed message is not gzip");
    }
  }

  private static CallException tooLarge() {
    return CallException.here(GrpcStatus.RESOURCE_EXHAUSTED, "a message is larger than 256 KiB");
  }
}
