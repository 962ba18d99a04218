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
 * What all calls of a method share: how messages are read and written, and the time for a request.
 *
 * <p>Fields that the contract does not have are dropped while a message is parsed: to build them
 * costs a hundred times what skipping them does, and they would be stored and passed on unchecked.
 */
final class RpcMethod<Q, R> {

  private final ServiceMethod<Q, R> method;
  private final Parser<?> parser;
  private final int requestMillis;

  /**
   * @param requestMillis how long the request of a call with a single one may take to be complete
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
   * @throws CodecException when it is not a message of the method's type
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

  /** The parser of the messages that a method takes, found by reading the empty one. */
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
