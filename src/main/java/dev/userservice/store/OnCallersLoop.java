package dev.userservice.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** Returns results from the threads of a store to the event loop of the caller. */
final class OnCallersLoop {

  private OnCallersLoop() {}

  /** Completes with the same result on the event loop that calls this. */
  static <T> Future<T> of(Vertx vertx, Future<T> result) {
    Context caller = vertx.getOrCreateContext();
    return Future.future(
        promise ->
            result.onComplete(
                (value, failure) -> caller.runOnContext(turn -> promise.complete(value, failure))));
  }
}
