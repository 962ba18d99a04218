package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.streams.WriteStream;

/**
 * The responses of a server or bidirectional stream. Once the call is over, writes have no effect:
 * their Futures fail, and nothing is thrown.
 */
final class ResponseStream<R> implements WriteStream<R> {

  private final Call<?, R> call;

  ResponseStream(Call<?, R> call) {
    this.call = call;
  }

  @Override
  public Future<Void> write(R message) {
    return call.write(message);
  }

  @Override
  public Future<Void> end() {
    call.succeed();
    return Future.succeededFuture();
  }

  @Override
  public boolean writeQueueFull() {
    return !call.isOver() && call.outgoing().isFull();
  }

  @Override
  public ResponseStream<R> drainHandler(Handler<Void> handler) {
    call.outgoing().drainHandler(handler);
    return this;
  }

  /** Has no effect: the queue has the same size for each call, to bound the memory of all. */
  @Override
  public ResponseStream<R> setWriteQueueMaxSize(int maxSize) {
    return this;
  }

  /** Never called: a failed call fails the stream that its handler reads, or closes its pipe. */
  @Override
  public ResponseStream<R> exceptionHandler(Handler<Throwable> handler) {
    return this;
  }
}
