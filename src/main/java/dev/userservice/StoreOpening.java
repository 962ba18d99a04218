package dev.userservice;

import dev.userservice.store.StoreException;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Opens a store, again and again while it cannot be reached, for as long as a start may take. */
final class StoreOpening {

  private static final Logger LOG = LoggerFactory.getLogger(StoreOpening.class);

  private static final int FIRST_PAUSE_MILLIS = 100;
  private static final int LONGEST_PAUSE_MILLIS = 5_000;

  private final Vertx vertx;
  private final Supplier<Future<Void>> open;
  private final int timeoutMillis;
  private final long startNanos = System.nanoTime();
  private final Promise<Void> firstTry = Promise.promise();
  private final Promise<Void> opened = Promise.promise();
  private volatile boolean stopped;

  /**
   * @param open one try
   * @param timeoutMillis how long to go on trying; 0 for ever
   */
  StoreOpening(Vertx vertx, Supplier<Future<Void>> open, int timeoutMillis) {
    this.vertx = vertx;
    this.open = open;
    this.timeoutMillis = timeoutMillis;
    attempt(FIRST_PAUSE_MILLIS);
  }

  /**
   * Completes after the first try: also when that found nobody, and there will be others; fails
   * when there is no use in trying again.
   */
  Future<Void> firstTry() {
    return firstTry.future();
  }

  /** Completes when the store is open. */
  Future<Void> opened() {
    return opened.future();
  }

  /** No further try is begun. */
  void stop() {
    stopped = true;
  }

  private void attempt(int pauseMillis) {
    open.get()
        .onSuccess(
            done -> {
              firstTry.tryComplete();
              opened.complete();
            })
        .onFailure(failure -> failed(failure, pauseMillis));
  }

  private void failed(Throwable failure, int pauseMillis) {
    // A server that has started without its store cannot fail to start any more.
    boolean started = timeoutMillis == 0 && firstTry.future().isComplete();
    if (stopped || !(mayPass(failure) || started) || timeIsUp(pauseMillis)) {
      firstTry.tryFail(failure);
      opened.fail(failure);
      return;
    }
    LOG.warn(failure.getMessage() + "; next try in " + pauseMillis + " ms");
    firstTry.tryComplete();
    vertx.setTimer(pauseMillis, again -> attempt(Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS)));
  }

  private boolean timeIsUp(int pauseMillis) {
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    return timeoutMillis > 0 && millis + pauseMillis > timeoutMillis;
  }

  private static boolean mayPass(Throwable failure) {
    return failure instanceof StoreException refused
        && (refused.reason() == Reason.UNAVAILABLE
            || refused.reason() == Reason.OVERLOADED
            || refused.reason() == Reason.TIMED_OUT);
  }
}
