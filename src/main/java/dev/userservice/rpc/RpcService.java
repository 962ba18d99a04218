package dev.userservice.rpc;

import com.google.protobuf.Descriptors.MethodDescriptor;
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
 * Binds the methods of a service, one line each.
 *
 * <p>Handlers are plain functions over messages, Futures and streams, called on the event loop of
 * the call. Exceptions that they throw, and failures of their Futures and streams, become the
 * status of the call. When the caller cancels or disconnects, the stream that they read fails, and
 * later responses are dropped.
 */
public final class RpcService {

  private final RpcServer server;
  private final ServiceBuilder service;
  private final ServiceDescriptor descriptor;
  private int messageBytes;

  RpcService(RpcServer server, ServiceName name, ServiceDescriptor descriptor) {
    this.server = server;
    this.service = Service.service(name, descriptor);
    this.descriptor = descriptor;
  }

  /**
   * Sets the max size of a request message, compressed and inflated, for methods that are bound
   * later. It cannot exceed the limit of the server, which is the default.
   */
  public RpcService messageBytes(int bytes) {
    messageBytes = bytes;
    return this;
  }

  /** Binds a method with one request and one response. Called when the request is complete. */
  public <Q, R> RpcService unary(ServiceMethod<Q, R> method, Function<Q, Future<R>> handler) {
    return unary(method, (request, call) -> handler.apply(request));
  }

  /** As {@link #unary(ServiceMethod, Function)}, for a handler that needs its {@link CallInfo}. */
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

  /** Binds a method with one request and many responses, sent at the pace of the reader. */
  public <Q, R> RpcService serverStreaming(
      ServiceMethod<Q, R> method, BiFunction<Q, CallInfo, ReadStream<R>> handler) {
    return bind(method, call -> stream(call, request -> handler.apply(request, call.info())));
  }

  /** As {@link #serverStreaming}, for a stream that only a shutdown ends. */
  public <Q, R> RpcService subscription(
      ServiceMethod<Q, R> method, Function<Q, ReadStream<R>> handler) {
    return bind(method, call -> stream(call.endless(), handler));
  }

  /**
   * Binds a method with many requests and one response. The handler sets its handlers on the stream
   * before it returns.
   */
  public <Q, R> RpcService clientStreaming(
      ServiceMethod<Q, R> method, Function<ReadStream<Q>, Future<R>> handler) {
    return clientStreaming(method, (requests, call) -> handler.apply(requests));
  }

  /**
   * As {@link #clientStreaming(ServiceMethod, Function)}, for a handler that needs its {@link
   * CallInfo}.
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

  /** The handler of calls with many requests and many responses. */
  @FunctionalInterface
  public interface Bidirectional<Q, R> {

    /**
     * Handles a call; sets its handlers on the streams before it returns.
     *
     * @return completes, or fails, when the call is to end
     */
    Future<Void> handle(ReadStream<Q> requests, WriteStream<R> responses, CallInfo call);
  }

  /** Binds a method with many requests and many responses. */
  public <Q, R> RpcService bidirectional(
      ServiceMethod<Q, R> method, BiFunction<ReadStream<Q>, WriteStream<R>, Future<Void>> handler) {
    return bidirectional(method, (requests, responses, call) -> handler.apply(requests, responses));
  }

  /**
   * As {@link #bidirectional(ServiceMethod, BiFunction)}, for a handler that needs its {@link
   * CallInfo}.
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
    MethodDescriptor kind = descriptor.findMethodByName(method.methodName());
    server.bind(service, method, kind, messageBytes, handler);
    return this;
  }
}
