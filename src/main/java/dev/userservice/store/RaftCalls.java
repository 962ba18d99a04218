package dev.userservice.store;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.ratis.protocol.RaftClientReply;

/**
 * Sends requests to the engine, or to another server, and retries them until an answer or a
 * timeout. May be used from any thread.
 */
final class RaftCalls {

  /** One try, which may fail; null when no server can be asked. */
  interface Try {
    CompletableFuture<RaftClientReply> ask() throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(RaftCalls.class);

  /** The pause between two tries: shorter than an election, longer than a call. */
  private static final int RETRY_MILLIS = 50;

  /**
   * The next try begins after this time: a paused server, or one that no longer leads, must not
   * delay a request that another could answer. The answer to an earlier one still counts, since on
   * a busy machine each may take longer.
   */
  static final int TRY_MILLIS = 1_000;

  /** Requests fail after so long without a leader; longer than an election takes. */
  private static final int LEADERLESS_MILLIS = 3_000;

  private final Vertx vertx;
  private final int timeoutMillis;
  private final BooleanSupplier hasLeader;

  /** Appending to the log may wait for a lock of the engine, which an event loop must not do. */
  private final ExecutorService submitting =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "raft-calls");
            thread.setDaemon(true);
            return thread;
          });

  /** The time since which no try has found a leader; written by the submitting thread only. */
  private volatile long leaderlessSinceNanos;

  private volatile boolean leaderless;

  private volatile boolean stopping;

  /**
   * @param timeoutMillis the timeout of one request
   * @param hasLeader true when this server knows a leader; throws a StoreException when this server
   *     has left the log
   */
  RaftCalls(Vertx vertx, int timeoutMillis, BooleanSupplier hasLeader) {
    this.vertx = vertx;
    this.timeoutMillis = timeoutMillis;
    this.hasLeader = hasLeader;
  }

  /**
   * Sends a request until it is answered. Completes on any thread; fails as UNAVAILABLE.
   *
   * @param afterAsked the failure once a try was sent, or null for UNAVAILABLE
   */
  Future<RaftClientReply> ask(Try request, StoreException afterAsked) {
    Request sent = new Request(request, afterAsked);
    sent.next();
    return sent.answer.future();
  }

  /** Ends all retries. */
  void stop() {
    stopping = true;
  }

  /** Rejects further requests. */
  void shutdown() {
    submitting.shutdown();
  }

  private void checkLeader() {
    boolean found = hasLeader.getAsBoolean();
    if (!found && !leaderless) {
      leaderlessSinceNanos = System.nanoTime();
    }
    leaderless = !found;
  }

  private final class Request {

    private final Promise<RaftClientReply> answer = Promise.promise();
    private final Try request;
    private final StoreException afterAsked;
    private final long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    private boolean asked;

    Request(Try request, StoreException afterAsked) {
      this.request = request;
      this.afterAsked = afterAsked;
    }

    void next() {
      try {
        submitting.execute(this::ask);
      } catch (RejectedExecutionException shutdown) {
        fail("this server has left the log");
      }
    }

    private void ask() {
      if (answer.future().isComplete()) {
        return;
      }
      try {
        checkLeader();
        CompletableFuture<RaftClientReply> reply = request.ask();
        if (reply == null) {
          retry();
          return;
        }
        asked = true;
        reply
            .thenAccept(this::take)
            // A timeout of the original would drop a late reply.
            .copy()
            .orTimeout(TRY_MILLIS, TimeUnit.MILLISECONDS)
            .whenComplete(
                (taken, failure) -> {
                  if (failure != null) {
                    LOG.debug("Ratis", failure);
                    retry();
                  }
                });
      } catch (StoreException stopped) {
        fail(stopped.getMessage());
      } catch (IOException | RuntimeException failure) {
        LOG.debug("Ratis", failure);
        retry();
      }
    }

    private void take(RaftClientReply given) {
      if (!given.isSuccess()) {
        throw new CompletionException(given.getException());
      }
      answer.tryComplete(given);
    }

    private void retry() {
      long now = System.nanoTime();
      boolean inVain =
          leaderless
              && now - leaderlessSinceNanos > TimeUnit.MILLISECONDS.toNanos(LEADERLESS_MILLIS);
      if (now < endNanos && !stopping && !inVain) {
        vertx.setTimer(RETRY_MILLIS, again -> next());
      } else {
        fail("no majority of the servers answers");
      }
    }

    private void fail(String why) {
      answer.tryFail(asked && afterAsked != null ? afterAsked : RaftEngine.unavailable(why));
    }
  }
}
