package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * One call, of any of the four kinds. However it ends, and if it does not, {@link #ended} completes
 * no later than its deadline.
 */
final class ClientCall<Q, R> {

  private final GrpcClientRequest<Q, R> request;
  private final Promise<Void> ended = Promise.promise();
  private Handler<R> handler = message -> {};

  ClientCall(Vertx vertx, GrpcClientRequest<Q, R> request, int deadlineMillis) {
    this.request = request;
    request.timeout(deadlineMillis, TimeUnit.MILLISECONDS);
    long timer = vertx.setTimer(deadlineMillis, late -> tooLate(deadlineMillis));
    ended.future().onComplete(end -> vertx.cancelTimer(timer));
    request.exceptionHandler(failure -> fail("the connection was lost", failure));
    request.response().onComplete(this::answered, failure -> fail("no gRPC answer came", failure));
  }

  /** Sets who gets the messages that come; to be called before the first is sent. */
  ClientCall<Q, R> handler(Handler<R> handler) {
    this.handler = handler;
    return this;
  }

  /** Completes when the message is on its way, which is when the next may be sent. */
  Future<Void> send(Q message) {
    return sending(() -> request.write(message));
  }

  /** Sends the last message and says that it is the last. */
  Future<Void> sendLast(Q message) {
    return sending(() -> request.end(message));
  }

  /** Says that no more messages come. */
  Future<Void> halfClose() {
    return sending(request::end);
  }

  /** Succeeds when the call ends with OK, fails with a {@link CallException} when it does not. */
  Future<Void> ended() {
    return ended.future();
  }

  /** Ends the call from this side. */
  void cancel() {
    request.cancel();
  }

  /** A call that ended without the server having said how. */
  static CallException lost(String what, Throwable failure) {
    String why = failure == null || failure.getMessage() == null ? "" : ": " + failure.getMessage();
    return new CallException(GrpcStatus.UNAVAILABLE, what + why);
  }

  /** A send that fails fails as the call does: only that says why. */
  private Future<Void> sending(Supplier<Future<Void>> send) {
    if (ended.future().isComplete()) {
      return ended.future();
    }
    try {
      return send.get().recover(failure -> ended.future());
    } catch (IllegalStateException reset) {
      return ended.future();
    }
  }

  private void answered(GrpcClientResponse<Q, R> response) {
    response
        .errorHandler(reset -> fail("the stream was reset with " + reset, null))
        .exceptionHandler(failure -> fail("the connection was lost", failure))
        .endHandler(
            end -> {
              if (response.status() == GrpcStatus.OK) {
                ended.tryComplete();
              } else {
                ended.tryFail(CallException.of(response));
              }
            })
        .handler(message -> handler.handle(message));
  }

  private void fail(String what, Throwable failure) {
    ended.tryFail(lost(what, failure));
  }

  private void tooLate(int deadlineMillis) {
    ended.tryFail(
        new CallException(GrpcStatus.DEADLINE_EXCEEDED, "no end within " + deadlineMillis + " ms"));
    request.cancel();
  }
}
