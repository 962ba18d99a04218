package dev.userservice.rpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * The parts that all calls of a method share: its codecs, and the time limit of a request.
 *
 * <p>Unknown fields are dropped while a message is parsed: building them costs a hundred times more
 * than skipping them, and they would be stored and passed on unchecked.
 */
final class RpcMethod<Q, R> {

  private final String name;
  private final Message emptyRequest;
  private final Parser<? extends Message> parser;
  private final int requestMillis;

  /**
   * @param method its messages are protobuf's
   * @param requestMillis the max time for the one request of a unary or server streaming call
   */
  RpcMethod(ServiceMethod<Q, R> method, int requestMillis) {
    this.name = method.fullMethodName();
    this.requestMillis = requestMillis;
    this.emptyRequest =
        (Message)
            method
                .decoder()
                .decode(GrpcMessage.message("identity", WireFormat.PROTOBUF, Buffer.buffer()));
    this.parser = DiscardUnknownFieldsParser.wrap(emptyRequest.getParserForType());
  }

  long requestNanos() {
    return TimeUnit.MILLISECONDS.toNanos(requestMillis);
  }

  RpcException requestTimeout() {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.DEADLINE_EXCEEDED,
            "REQUEST_TIMEOUT",
            "the request was not complete within " + requestMillis + " ms"));
  }

  /**
   * @throws RpcException when the bytes are not a message of the method's request type
   */
  @SuppressWarnings("unchecked")
  Q decode(Buffer message, ContentType type) {
    if (type.json()) {
      return (Q) JsonMessages.decode(message.getBytes(), emptyRequest.newBuilderForType());
    }
    ByteBuf bytes = ((BufferInternal) message).getByteBuf();
    try {
      return (Q)
          (bytes.hasArray()
              ? parser.parseFrom(
                  bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), bytes.readableBytes())
              : parser.parseFrom(bytes.nioBuffer()));
    } catch (InvalidProtocolBufferException malformed) {
      throw new RpcException(
          new RpcStatus(
              type.protocol().violation(),
              "MALFORMED_MESSAGE",
              "a message is not of the type of " + name));
    }
  }

  /** Encodes a response, with the prefix of a frame where the protocol has frames. */
  Buffer encode(R response, ContentType type) {
    Message message = (Message) response;
    int prefix = type.protocol().hasFrames() ? RequestGate.PREFIX_BYTES : 0;
    return type.json() ? json(message, prefix) : protobuf(message, prefix);
  }

  private static Buffer json(Message message, int prefix) {
    byte[] text = JsonMessages.encode(message).getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[prefix + text.length];
    System.arraycopy(text, 0, bytes, prefix, text.length);
    return buffer(bytes, prefix);
  }

  private static Buffer protobuf(Message message, int prefix) {
    int size = message.getSerializedSize();
    byte[] bytes = new byte[prefix + size];
    try {
      message.writeTo(CodedOutputStream.newInstance(bytes, prefix, size));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return buffer(bytes, prefix);
  }

  private static Buffer buffer(byte[] bytes, int prefix) {
    if (prefix > 0) {
      ByteBuffer.wrap(bytes).putInt(1, bytes.length - prefix);
    }
    // Without copying.
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }
}
