package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcError;
import io.vertx.grpc.common.GrpcErrorException;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.InvalidMessageException;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/**
 * One call, of any of the four kinds. However it ends, and if it does not, {@link #ended} completes
 * no later than its deadline. What is sent after the end is dropped: only the end says why.
 */
final class ClientCall<Q, R> {

  private static final long REASON_MILLIS = 100;

  private final Vertx vertx;
  private final GrpcClientRequest<Q, R> request;
  private final Evidence evidence;
  private final Deadline deadline;
  private final Promise<Void> ended = Promise.promise();
  private Handler<R> handler = message -> {};

  ClientCall(Vertx vertx, GrpcClientRequest<Q, R> request, Evidence evidence, Deadline deadline) {
    this.vertx = vertx;
    this.request = request;
    this.evidence = evidence;
    this.deadline = deadline;
    long left = deadline.leftMillis();
    request.timeout(left, TimeUnit.MILLISECONDS);
    long timer =
        vertx.setTimer(
            left,
            late -> {
              ended.tryFail(deadline.exceeded("no end"));
              cancel();
            });
    ended.future().onComplete(end -> vertx.cancelTimer(timer));
    request.exceptionHandler(this::lost);
    request.response().onComplete(this::answered, this::notAnswered);
  }

  /** Sets who gets the messages that come; to be called before the first is sent. */
  ClientCall<Q, R> handler(Handler<R> handler) {
    this.handler = handler;
    return this;
  }

  /** Sends a message; for one at a time, whose answer is waited for. */
  void send(Q message) {
    if (!over()) {
      request.write(message).onFailure(this::broken);
    }
  }

  /** Sends messages no faster than the server takes them, then half-closes. */
  void sendAll(Iterator<Q> messages) {
    while (!over() && messages.hasNext()) {
      if (request.writeQueueFull()) {
        request.drainHandler(drained -> sendAll(messages));
        return;
      }
      send(messages.next());
    }
    halfClose();
  }

  /** Says that no more messages come. */
  void halfClose() {
    if (!over()) {
      request.end().onFailure(this::broken);
    }
  }

  /** Succeeds when the call ends with OK, fails with a {@link CallException} when it does not. */
  Future<Void> ended() {
    return ended.future();
  }

  /** Ends the call from this side. */
  void cancel() {
    ended.tryFail(CallException.here(GrpcStatus.CANCELLED, "given up by this client"));
    request.cancel();
  }

  private boolean over() {
    return ended.future().isComplete();
  }

  private void answered(GrpcClientResponse<Q, R> response) {
    response
        .errorHandler(this::reset)
        .exceptionHandler(this::lost)
        .endHandler(end -> ended(CallException.of(response.headers(), response.trailers())))
        .handler(
            message -> {
              if (!over()) {
                handler.handle(message);
              }
            });
  }

  private void ended(CallException end) {
    if (end == null) {
      ended.tryComplete();
    } else {
      fail(end);
    }
  }

  private void notAnswered(Throwable failure) {
    CallException notGrpc = evidence.notGrpc();
    if (notGrpc != null) {
      fail(notGrpc);
    } else if (failure instanceof GrpcErrorException reset) {
      reset(reset.error());
    } else {
      lost(failure);
    }
  }

  /** The stream itself tells why it takes no more, and tells it a little later. */
  private void broken(Throwable failure) {
    vertx.setTimer(REASON_MILLIS, later -> lost(failure));
  }

  private void lost(Throwable failure) {
    if (failure instanceof InvalidMessageException) {
      fail(CallException.here(GrpcStatus.RESOURCE_EXHAUSTED, "a message is larger than 256 KiB"));
      return;
    }
    String why = failure.getMessage() == null ? "" : ": " + failure.getMessage();
    String message = "the connection was lost before the call ended" + why;
    failSoon(
        evidence.isUnseen()
            ? CallException.unseen(message)
            : CallException.here(GrpcStatus.UNAVAILABLE, message));
  }

  private void reset(GrpcError error) {
    if (evidence.unreadable()) {
      fail(
          CallException.here(
              GrpcStatus.INTERNAL, "a message came that is not what the contract says"));
      return;
    }
    GrpcStatus status = error == null ? GrpcStatus.UNKNOWN : error.status;
    failSoon(CallException.here(status, "the server broke the call off without a status"));
  }

  /** In the next turn: what comes in this one, after its own consequences, explains more. */
  private void failSoon(CallException failure) {
    vertx.runOnContext(later -> fail(failure));
  }

  /** Servers cancel what is late: that is the deadline, whoever notices first. */
  private void fail(CallException failure) {
    boolean late = failure.status() == GrpcStatus.CANCELLED && deadline.leftMillis() <= 1;
    ended.tryFail(late ? deadline.exceeded("no end") : failure);
  }
}
