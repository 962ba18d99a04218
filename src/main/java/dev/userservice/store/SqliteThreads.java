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
 * Threads for work that waits for a disk, which no event loop may. What they have not begun waits
 * in a bounded queue, for a bounded time.
 */
final class SqliteThreads {

  private final ThreadPoolExecutor threads;
  private final long timeoutNanos;

  /**
   * @param name of the threads, in a thread dump
   * @param waiting the most calls that wait for a thread
   * @param timeoutMillis how long a call may wait for one
   */
  SqliteThreads(String name, int count, int waiting, int timeoutMillis) {
    threads =
        new ThreadPoolExecutor(
            count,
            count,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(waiting),
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
    timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
  }

  /** The result of blocking work; the Future completes on the thread that has done it. */
  <T> Future<T> call(Callable<T> work) {
    Promise<T> result = Promise.promise();
    long since = System.nanoTime();
    try {
      threads.execute(
          () -> {
            if (System.nanoTime() - since > timeoutNanos) {
              result.fail(
                  new StoreException(Reason.TIMED_OUT, "a call waited too long for its turn"));
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
                  Reason.OVERLOADED, threads.getQueue().size() + " calls wait for the store"));
    }
    return result.future();
  }

  /** Takes no more work; what has been taken is done. */
  void shutdown() {
    threads.shutdown();
  }

  /** Waits, on a thread that may, until what had been taken before {@link #shutdown} is done. */
  void awaitEnd() throws InterruptedException {
    threads.awaitTermination(2 * timeoutNanos, TimeUnit.NANOSECONDS);
  }
}
