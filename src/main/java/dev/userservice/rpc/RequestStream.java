package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.streams.ReadStream;

/** The messages of a client or bidirectional stream; fails when the call ends early. */
final class RequestStream<Q> implements ReadStream<Q> {

  private final Call<Q, ?> call;
  private long demand = Long.MAX_VALUE;
  private Handler<Throwable> exceptionHandler;

  private RequestStream(Call<Q, ?> call) {
    this.call = call;
  }

  static <Q> RequestStream<Q> of(Call<Q, ?> call) {
    RequestStream<Q> requests = new RequestStream<>(call);
    call.onAbandoned(requests::fail);
    return requests;
  }

  @Override
  public RequestStream<Q> handler(Handler<Q> handler) {
    call.request()
        .messageHandler(
            handler == null
                ? null
                : message -> {
                  if (!call.isOver()) {
                    take();
                    call.guard(() -> handler.handle(call.decode(message)));
                  }
                });
    return this;
  }

  /** Reduces the demand by one message; pauses the request at 0. */
  private void take() {
    if (demand != Long.MAX_VALUE && --demand <= 0) {
      call.pause();
    }
  }

  @Override
  public RequestStream<Q> pause() {
    demand = 0;
    call.pause();
    return this;
  }

  @Override
  public RequestStream<Q> resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public RequestStream<Q> fetch(long amount) {
    demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
    call.resume();
    return this;
  }

  @Override
  public RequestStream<Q> endHandler(Handler<Void> endHandler) {
    call.request()
        .endHandler(
            endHandler == null
                ? null
                : end -> {
                  if (!call.isOver()) {
                    call.guard(() -> endHandler.handle(end));
                  }
                });
    return this;
  }

  @Override
  public RequestStream<Q> exceptionHandler(Handler<Throwable> exceptionHandler) {
    this.exceptionHandler = exceptionHandler;
    return this;
  }

  private void fail(Throwable why) {
    if (exceptionHandler != null) {
      exceptionHandler.handle(why);
    }
  }
}
