package dev.userservice.rpc;

import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.CodecException;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.WireFormat;
import java.util.concurrent.TimeUnit;

/**
 * The parts that all calls of a method share: its codecs, and the time limit of a request.
 *
 * <p>Unknown fields are dropped while a message is parsed: building them costs a hundred times more
 * than skipping them, and they would be stored and passed on unchecked.
 */
final class RpcMethod<Q, R> {

  private final ServiceMethod<Q, R> method;
  private final Parser<?> parser;
  private final int requestMillis;

  /**
   * @param requestMillis the max time for the one request of a unary or server streaming call
   */
  RpcMethod(ServiceMethod<Q, R> method, int requestMillis) {
    this.method = method;
    this.requestMillis = requestMillis;
    this.parser = parser(method);
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
   * @throws CodecException when the bytes are not of the method's request type
   */
  @SuppressWarnings("unchecked")
  Q decode(GrpcMessage message) {
    if (parser == null) {
      return method.decoder().decode(message);
    }
    try {
      return (Q) parser.parseFrom(message.payload().getBytes());
    } catch (InvalidProtocolBufferException malformed) {
      throw new CodecException(malformed);
    }
  }

  GrpcMessage encode(R message) {
    return method.encoder().encode(message, WireFormat.PROTOBUF);
  }

  /** The parser of a method's requests, found by decoding an empty message. */
  private static Parser<?> parser(ServiceMethod<?, ?> method) {
    Object empty =
        method
            .decoder()
            .decode(GrpcMessage.message("identity", WireFormat.PROTOBUF, Buffer.buffer()));
    return empty instanceof Message message ? discarding(message.getParserForType()) : null;
  }

  private static <T extends Message> Parser<T> discarding(Parser<T> parser) {
    return DiscardUnknownFieldsParser.wrap(parser);
  }
}
