package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;

/**
 * One call, from its headers to its status. It ends exactly once: with the status of its handler,
 * with a status of this room when the caller breaks the protocol or its time is over, or without
 * one when the caller cancels or disconnects.
 *
 * <p>Belongs to the event loop of its connection.
 */
final class Call<Q, R> {

  private static final Future<Void> ACCEPTED = Future.succeededFuture();

  private final GrpcServerRequest<Q, R> request;
  private final RequestGate http;
  private final RpcMethod<Q, R> method;
  private final Failures failures;
  private final CallInfo info;
  private final OpenCalls open;
  private final Outgoing<R> outgoing;

  /** The index of this call in {@link OpenCalls}. */
  int index;

  private boolean endless;

  private boolean over;
  private long requestNanos = Long.MAX_VALUE;
  private Deadline deadline;
  private Handler<Throwable> onAbandoned = why -> {};

  Call(
      GrpcServerRequest<Q, R> request,
      RequestGate http,
      RpcMethod<Q, R> method,
      Failures failures,
      CallInfo info,
      boolean gzipResponses,
      OpenCalls open) {
    this.request = request;
    this.http = http;
    this.method = method;
    this.failures = failures;
    this.info = info;
    this.open = open;
    this.outgoing = new Outgoing<>(http, method, info, gzipResponses);
    http.memory().onExceeded(this::exceeded);
    // A caller can disappear in three ways, each reported by a different handler: a reset, a lost
    // connection, and a stream that is closed for any other reason.
    request.errorHandler(reset -> abandon());
    request.exceptionHandler(this::broken);
    outgoing.onClose(this::closed);
  }

  /** Marks a call that a shutdown ends, instead of waiting for it. */
  Call<Q, R> endless() {
    endless = true;
    return this;
  }

  /** Starts the time limit of the request. */
  void awaitRequest() {
    requestNanos = method.requestNanos();
  }

  /** Stops the time limit: the request is complete. */
  void requestComplete() {
    requestNanos = Long.MAX_VALUE;
  }

  boolean isEndless() {
    return endless;
  }

  /** Starts the deadline. */
  void begin() {
    deadline =
        Deadline.of(http.protocol(), http.http().getHeader(http.protocol().timeout()), this::fail);
    if (deadline != null) {
      open.deadlines().add(deadline);
    }
  }

  /** Runs code of a handler; an exception ends the call. */
  void guard(Runnable code) {
    try {
      code.run();
    } catch (Throwable failure) {
      fail(failure);
    }
  }

  Q decode(GrpcMessage message) {
    info.countReceived();
    return method.decode(message.payload(), http.contentType());
  }

  /** Calls back when the call ends before its handler has ended it. */
  void onAbandoned(Handler<Throwable> handler) {
    onAbandoned = handler;
  }

  CallInfo info() {
    return info;
  }

  HttpConnection connection() {
    return info.connection();
  }

  boolean isOver() {
    return over;
  }

  GrpcServerRequest<Q, R> request() {
    return request;
  }

  /** Delivers no further message of the request until {@link #resume}. */
  void pause() {
    http.pause();
  }

  void resume() {
    http.resume();
  }

  CallMemory memory() {
    return http.memory();
  }

  /** The sending side of this call; full when its reader does not keep up. */
  Outgoing<R> outgoing() {
    return outgoing;
  }

  /**
   * Sends a message of a stream.
   *
   * @return a completed Future: a disconnected caller is reported by other means, and completing a
   *     Future after each message was sent would be a measurable part of its cost
   */
  Future<Void> write(R message) {
    if (over) {
      return Future.failedFuture("the call is over");
    }
    if (!outgoing.write(outgoing.encode(message))) {
      exceeded();
      return Future.failedFuture("the call is over");
    }
    return ACCEPTED;
  }

  /** Ends the call OK, with its one response. */
  void respond(R message) {
    if (over) {
      return;
    }
    // Encode first, so that the message is counted when the end is observed.
    Buffer encoded = outgoing.encode(message);
    settle(GrpcStatus.OK);
    outgoing.answer(encoded);
  }

  /** Ends the call OK, after the responses that were written. */
  void succeed() {
    if (settle(GrpcStatus.OK)) {
      outgoing.succeed();
    }
  }

  /** Ends the call with the status of a failure. */
  void fail(Throwable failure) {
    if (over) {
      return;
    }
    RpcStatus status = failures.status(failure, info.method());
    info.recordFailure(status.reason());
    settle(status.code());
    outgoing.fail(status, failures.domain());
    onAbandoned.handle(failure);
  }

  /** Decides the status of the call; returns false if it has ended already. */
  private boolean settle(GrpcStatus status) {
    if (over) {
      return false;
    }
    over = true;
    if (status != GrpcStatus.OK) {
      outgoing.failed();
    }
    if (deadline != null) {
      deadline.cancel();
    }
    if (http.version() != HttpVersion.HTTP_2) {
      // Over HTTP/1.1 the stream is the connection, which stays open for the next call.
      open.remove(this);
      http.memory().close();
    }
    info.end(status);
    return true;
  }

  /**
   * Ends a call whose time is over, and resets the stream of an ended call whose caller neither
   * reads nor half-closes. Called several times a second.
   */
  void release(long now, long nowMillis) {
    if (!over) {
      info.runWhileOpen();
      Throwable expired = info.expiryFailure(nowMillis);
      if (expired != null) {
        fail(expired);
      } else if (info.nanos() >= requestNanos) {
        fail(method.requestTimeout());
      }
    } else {
      outgoing.release(now);
    }
  }

  /** Ends the call, because it needs more memory than its caller, or the server, has left. */
  private void exceeded() {
    fail(new RpcException(http.memory().refusal()));
  }

  private void closed() {
    abandon();
    if (http.version() == HttpVersion.HTTP_2) {
      open.remove(this);
    }
  }

  /** A malformed frame ends the call with a status; any other failure is a lost connection. */
  private void broken(Throwable failure) {
    if (failure instanceof RpcException) {
      fail(failure);
    } else {
      abandon();
    }
  }

  private void abandon() {
    if (settle(GrpcStatus.CANCELLED)) {
      // What waited for the caller to read may be thousands of small messages: the end of its
      // stream resumes them, and to dispatch each would delay the end of other streams.
      http.discard();
      onAbandoned.handle(
          new RpcException(
              new RpcStatus(
                  GrpcStatus.CANCELLED, "CANCELLED", "the caller cancelled or disconnected")));
    }
  }
}
