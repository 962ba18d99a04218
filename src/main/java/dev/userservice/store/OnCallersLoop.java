package dev.userservice.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.RejectedExecutionException;

/** Returns results from other threads to the event loop of the caller. */
public final class OnCallersLoop {

  private OnCallersLoop() {}

  /**
   * Completes with the same result on the event loop that calls this; never, if Vert.x is closed by
   * then. A complete result takes a turn, too: Vert.x calls back on the event loop that the Future
   * belongs to, which may be another one.
   */
  public static <T> Future<T> of(Vertx vertx, Future<T> result) {
    Context caller = vertx.getOrCreateContext();
    return Future.future(
        promise ->
            result.onComplete(
                (value, failure) -> {
                  try {
                    caller.runOnContext(turn -> promise.complete(value, failure));
                  } catch (RejectedExecutionException closed) {
                    // A signal during a start closes Vert.x while the store still opens: the event
                    // loop has ended, and all that waited for the result with it.
                  }
                }));
  }
}
