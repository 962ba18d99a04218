package dev.userservice.store;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.infinispan.commons.IllegalLifecycleStateException;

/**
 * Calls of the engine, made again while a server that they reach is leaving: it may answer that its
 * caches are stopping, for as long as the caller has not heard that others have its part now.
 *
 * <p>The first time, a call may have done its work, or a part of it; so only those belong here that
 * can be made twice.
 */
final class GridCalls {

  private static final int PAUSE_MILLIS = 10;

  /** With the pauses between them two seconds; news of who leaves takes milliseconds. */
  private static final int MOST_TRIES = 200;

  private final Vertx vertx;

  GridCalls(Vertx vertx) {
    this.vertx = vertx;
  }

  <T> Future<T> make(Supplier<CompletionStage<T>> call) {
    return make(call, MOST_TRIES);
  }

  private <T> Future<T> make(Supplier<CompletionStage<T>> call, int tries) {
    return Future.fromCompletionStage(call.get())
        .recover(
            failure ->
                tries > 1 && isLeaving(failure)
                    ? vertx
                        .timer(PAUSE_MILLIS, TimeUnit.MILLISECONDS)
                        .compose(again -> make(call, tries - 1))
                    : Future.failedFuture(failure));
  }

  private static boolean isLeaving(Throwable failure) {
    return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
        .anyMatch(IllegalLifecycleStateException.class::isInstance);
  }
}
