package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for work that waits for the disk, which must not run on an event loop. Calls wait in a
 * bounded queue, for a bounded time.
 */
final class SqliteThreads {

  private final ThreadPoolExecutor threads;
  private final long timeoutNanos;

  /**
   * @param name the name of the threads, for thread dumps
   * @param queueSize the max number of calls that wait for a thread
   * @param timeoutMillis the max wait for a thread
   */
  SqliteThreads(String name, int count, int queueSize, int timeoutMillis) {
    threads =
        new ThreadPoolExecutor(
            count,
            count,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(queueSize),
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
    timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
  }

  /** Runs blocking work; the Future completes on the thread that ran it. */
  <T> Future<T> call(Callable<T> work) {
    Promise<T> result = Promise.promise();
    long since = System.nanoTime();
    try {
      threads.execute(
          () -> {
            if (System.nanoTime() - since > timeoutNanos) {
              result.fail(
                  new StoreException(
                      Reason.TIMED_OUT, "a call waited too long in the queue of the store"));
              return;
            }
            T value;
            try {
              value = work.call();
            } catch (Throwable failure) {
              result.fail(failure);
              return;
            }
            result.complete(value);
          });
    } catch (RejectedExecutionException full) {
      result.fail(
          threads.isShutdown()
              ? new StoreException(Reason.UNAVAILABLE, "the store is closed")
              : new StoreException(
                  Reason.OVERLOADED,
                  "the queue of the store is full: " + threads.getQueue().size() + " calls wait"));
    }
    return result.future();
  }

  /** Rejects further work; accepted work still runs. */
  void shutdown() {
    threads.shutdown();
  }

  /** Blocks until the work accepted before {@link #shutdown} is done. */
  void awaitEnd() throws InterruptedException {
    threads.awaitTermination(2 * timeoutNanos, TimeUnit.NANOSECONDS);
  }
}
