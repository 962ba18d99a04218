package dev.userservice.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.vertx.core.Future;
import io.vertx.core.streams.Pipe;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.Service;
import io.vertx.grpc.server.ServiceBuilder;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The table of a service's methods, one line each.
 *
 * <p>Handlers are plain functions over messages, Futures and streams, called on the event loop of
 * the call. They may throw; what they throw, and what fails their Futures and streams, becomes the
 * status of the call. When the call ends before they do (the caller has cancelled or gone), the
 * stream that they read fails, and nothing that they still send goes anywhere.
 */
public final class RpcService {

  private final RpcServer server;
  private final ServiceBuilder service;
  private int messageBytes;

  RpcService(RpcServer server, ServiceName name, ServiceDescriptor descriptor) {
    this.server = server;
    this.service = Service.service(name, descriptor);
  }

  /**
   * Sets the largest request message of the methods that are bound after this, in bytes as it comes
   * and inflated. Never more than that of all methods, which it is until this says otherwise.
   */
  public RpcService messageBytes(int bytes) {
    messageBytes = bytes;
    return this;
  }

  /** One request, one response. Called when the request is complete. */
  public <Q, R> RpcService unary(ServiceMethod<Q, R> method, Function<Q, Future<R>> handler) {
    return unary(method, (request, call) -> handler.apply(request));
  }

  /** As {@link #unary(ServiceMethod, Function)}, for a handler that asks more about its call. */
  public <Q, R> RpcService unary(
      ServiceMethod<Q, R> method, BiFunction<Q, CallInfo, Future<R>> handler) {
    return bind(
        method,
        call ->
            SingleRequest.receive(
                call,
                request ->
                    handler.apply(request, call.info()).onComplete(call::respond, call::fail)));
  }

  /** One request, many responses, sent at the pace of the reader. */
  public <Q, R> RpcService serverStreaming(
      ServiceMethod<Q, R> method, BiFunction<Q, CallInfo, ReadStream<R>> handler) {
    return bind(method, call -> stream(call, request -> handler.apply(request, call.info())));
  }

  /** As {@link #serverStreaming}, for a stream without an end of its own: a shutdown ends it. */
  public <Q, R> RpcService subscription(
      ServiceMethod<Q, R> method, Function<Q, ReadStream<R>> handler) {
    return bind(method, call -> stream(call.endless(), handler));
  }

  /** Many requests, one response. Sets its handlers on the stream before it returns. */
  public <Q, R> RpcService clientStreaming(
      ServiceMethod<Q, R> method, Function<ReadStream<Q>, Future<R>> handler) {
    return clientStreaming(method, (requests, call) -> handler.apply(requests));
  }

  /**
   * As {@link #clientStreaming(ServiceMethod, Function)}, for one that asks more about its call.
   */
  public <Q, R> RpcService clientStreaming(
      ServiceMethod<Q, R> method, BiFunction<ReadStream<Q>, CallInfo, Future<R>> handler) {
    return bind(
        method,
        call ->
            handler
                .apply(RequestStream.of(call), call.info())
                .onComplete(call::respond, call::fail));
  }

  /** What answers a call with many requests and many responses. */
  @FunctionalInterface
  public interface Bidirectional<Q, R> {

    /**
     * Sets its handlers on the streams before it returns; the call ends when the Future that it
     * returns completes, with the status that it says.
     */
    Future<Void> handle(ReadStream<Q> requests, WriteStream<R> responses, CallInfo call);
  }

  /** Many requests, many responses. */
  public <Q, R> RpcService bidirectional(
      ServiceMethod<Q, R> method, BiFunction<ReadStream<Q>, WriteStream<R>, Future<Void>> handler) {
    return bidirectional(method, (requests, responses, call) -> handler.apply(requests, responses));
  }

  /**
   * As {@link #bidirectional(ServiceMethod, BiFunction)}, for one that asks more about its call.
   */
  public <Q, R> RpcService bidirectional(ServiceMethod<Q, R> method, Bidirectional<Q, R> handler) {
    return bind(
        method,
        call ->
            handler
                .handle(RequestStream.of(call.endless()), new ResponseStream<>(call), call.info())
                .onComplete(done -> call.succeed(), call::fail));
  }

  /** Opens the service to callers. */
  public void bind() {
    server.add(service.build());
  }

  private static <Q, R> void stream(Call<Q, R> call, Function<Q, ReadStream<R>> handler) {
    SingleRequest.receive(
        call,
        request -> {
          Pipe<R> pipe = handler.apply(request).pipe().endOnComplete(false);
          call.onAbandoned(why -> pipe.close());
          pipe.to(new ResponseStream<>(call)).onComplete(done -> call.succeed(), call::fail);
        });
  }

  private <Q, R> RpcService bind(ServiceMethod<Q, R> method, Consumer<Call<Q, R>> handler) {
    server.bind(service, method, messageBytes, handler);
    return this;
  }
}
