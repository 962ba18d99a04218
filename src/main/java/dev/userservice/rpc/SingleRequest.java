package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.grpc.common.GrpcMessage;

/** The message of a call with exactly one request, delivered once the caller has half-closed. */
final class SingleRequest<Q> {

  private final Call<Q, ?> call;
  private final Handler<Q> handler;
  private Q message;
  private int bytes;

  private SingleRequest(Call<Q, ?> call, Handler<Q> handler) {
    this.call = call;
    this.handler = handler;
  }

  static <Q> void receive(Call<Q, ?> call, Handler<Q> handler) {
    SingleRequest<Q> single = new SingleRequest<>(call, handler);
    call.awaitRequest();
    call.request().messageHandler(single::received).endHandler(single::ended);
  }

  private void received(GrpcMessage received) {
    if (call.isOver()) {
      return;
    }
    if (message != null) {
      call.fail(wrongCount("more than one"));
      return;
    }
    bytes = received.payload().length();
    if (!call.memory().hold(bytes)) {
      call.fail(new RpcException(call.memory().refusal()));
      return;
    }
    try {
      message = call.decode(received);
    } catch (Throwable failure) {
      call.fail(failure);
    }
  }

  private void ended(Void end) {
    if (call.isOver()) {
      return;
    }
    if (message == null) {
      call.fail(wrongCount("none"));
      return;
    }
    call.requestComplete();
    // A call may stay open for long, and no longer needs its request.
    Q request = message;
    message = null;
    call.memory().release(bytes);
    try {
      handler.handle(request);
    } catch (Throwable failure) {
      call.fail(failure);
    }
  }

  private RpcException wrongCount(String count) {
    return new RpcException(
        new RpcStatus(
            call.info().protocol().violation(),
            "WRONG_MESSAGE_COUNT",
            call.info().method() + " takes exactly one message, but " + count + " arrived"));
  }
}
