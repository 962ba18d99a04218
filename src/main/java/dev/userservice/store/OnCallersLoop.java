package dev.userservice.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** Brings results from the threads of a store back to where they were asked for. */
final class OnCallersLoop {

  private OnCallersLoop() {}

  /** The same result, on the event loop that calls this; to be called before it goes elsewhere. */
  static <T> Future<T> of(Vertx vertx, Future<T> result) {
    Context caller = vertx.getOrCreateContext();
    return Future.future(
        promise ->
            result.onComplete(
                (value, failure) -> caller.runOnContext(turn -> promise.complete(value, failure))));
  }
}
