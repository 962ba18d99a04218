package dev.userservice.server;

import dev.userservice.console.StatusLine;
import dev.userservice.operations.Started;
import dev.userservice.store.StoreException;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Opens a store; retries while it cannot be reached, until the start times out. */
public final class StoreOpening {

  private static final Logger LOG = LoggerFactory.getLogger(StoreOpening.class);

  private static final long PROGRESS_MILLIS = 1_000;
  private static final int FIRST_PAUSE_MILLIS = 100;
  private static final int MAX_PAUSE_MILLIS = 5_000;
  private static final int FIRST_REPEAT_SECONDS = 5;

  private final Vertx vertx;
  private final Supplier<Future<Void>> open;
  private final int timeoutMillis;
  private final long startNanos = System.nanoTime();
  private final Promise<Void> firstTry = Promise.promise();
  private final Promise<Void> opened = Promise.promise();
  private volatile boolean stopped;

  // Used by one attempt at a time.
  private String said = "";
  private long nextSeconds;

  /**
   * @param open makes one attempt
   * @param timeoutMillis the time of all attempts; 0 for no limit
   */
  StoreOpening(Vertx vertx, Supplier<Future<Void>> open, int timeoutMillis) {
    this.vertx = vertx;
    this.open = open;
    this.timeoutMillis = timeoutMillis;
    attempt(FIRST_PAUSE_MILLIS);
  }

  /**
   * Completes after the first attempt, also when another follows; fails when a retry is useless.
   */
  Future<Void> firstTry() {
    return firstTry.future();
  }

  /** Completes when the store is open. */
  Future<Void> opened() {
    return opened.future();
  }

  /** Starts no further attempt. */
  void stop() {
    stopped = true;
  }

  /**
   * Shows on a terminal, once a second, why and how long the start waits for its store.
   *
   * @param timeoutMillis the max time of a start
   * @param line ended by its owner when the start is over
   */
  public static void showWaits(Vertx vertx, int timeoutMillis, StatusLine line) {
    Started start = Started.of(vertx);
    long startNanos = System.nanoTime();
    vertx.setPeriodic(
        PROGRESS_MILLIS,
        timer -> {
          String why = start.waitingFor();
          if (line.isEnded()) {
            vertx.cancelTimer(timer);
          } else if (why != null) {
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
            String text = "Waiting, %d of %d s: %s".formatted(seconds, timeoutMillis / 1_000, why);
            // A terminal may have been stopped, by Ctrl-S.
            vertx.executeBlocking(
                () -> {
                  line.redraw(text);
                  return null;
                });
          }
        });
  }

  private void attempt(int pauseMillis) {
    open.get()
        .onSuccess(
            done -> {
              Started.of(vertx).waitsFor(null);
              firstTry.tryComplete();
              opened.complete();
            })
        .onFailure(failure -> failed(failure, pauseMillis));
  }

  private void failed(Throwable failure, int pauseMillis) {
    // Once started without its store, the server keeps retrying; the start can no longer fail.
    boolean started = timeoutMillis == 0 && firstTry.future().isComplete();
    if (stopped || !(isTransient(failure) || started) || timeIsUp(pauseMillis)) {
      firstTry.tryFail(failure);
      opened.fail(failure);
      return;
    }
    say(failure.getMessage());
    firstTry.tryComplete();
    vertx.setTimer(pauseMillis, again -> attempt(Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS)));
  }

  /** Logs the reason of the wait when it changes, and each time the wait has doubled. */
  private void say(String why) {
    Started.of(vertx).waitsFor(why);
    long seconds = TimeUnit.MILLISECONDS.toSeconds(waitedMillis());
    int most = timeoutMillis / 1_000;
    if (!why.equals(said)) {
      LOG.warn(why + "; waiting" + (timeoutMillis == 0 ? "" : " up to " + most + " s"));
    } else if (seconds >= nextSeconds) {
      LOG.warn(
          "%s; waited %d%s s".formatted(why, seconds, timeoutMillis == 0 ? "" : " of " + most));
    } else {
      return;
    }
    said = why;
    nextSeconds = Math.max(FIRST_REPEAT_SECONDS, 2 * seconds);
  }

  private boolean timeIsUp(int pauseMillis) {
    return timeoutMillis > 0 && waitedMillis() + pauseMillis > timeoutMillis;
  }

  private long waitedMillis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  private static boolean isTransient(Throwable failure) {
    return failure instanceof StoreException refused
        && (refused.reason() == Reason.UNAVAILABLE
            || refused.reason() == Reason.OVERLOADED
            || refused.reason() == Reason.TIMED_OUT);
  }
}
