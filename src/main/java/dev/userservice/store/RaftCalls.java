package dev.userservice.store;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.ratis.protocol.RaftClientReply;

/**
 * Asks the engine, or another server, again and again until there is an answer or the time is over.
 * May be used from any thread.
 */
final class RaftCalls {

  /** One try, which may fail; null when there is nobody to ask. */
  interface Try {
    CompletableFuture<RaftClientReply> ask() throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(RaftCalls.class);

  /** Between two tries: short beside an election, long beside a call. */
  private static final int RETRY_MILLIS = 50;

  /**
   * How long one try may take: a server that stands still, or that no longer leads, must not hold
   * up what another could answer.
   */
  static final int TRY_MILLIS = 1_000;

  /** Longer than an election takes; so nobody waits longer for one that cannot come about. */
  private static final int LEADERLESS_MILLIS = 3_000;

  private final Vertx vertx;
  private final int timeoutMillis;
  private final BooleanSupplier hasLeader;

  /** To append to the log may wait for a lock of the engine, and no event loop may. */
  private final ExecutorService submitting =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "raft-calls");
            thread.setDaemon(true);
            return thread;
          });

  /** Since when no try has found a leader; written by the thread that submits alone. */
  private volatile long leaderlessSinceNanos;

  private volatile boolean leaderless;

  private volatile boolean stopping;

  /**
   * @param timeoutMillis how long one question may take
   * @param hasLeader whether this server knows a leader; throws a StoreException when this server
   *     takes no more part in the log
   */
  RaftCalls(Vertx vertx, int timeoutMillis, BooleanSupplier hasLeader) {
    this.vertx = vertx;
    this.timeoutMillis = timeoutMillis;
    this.hasLeader = hasLeader;
  }

  /**
   * The answer to a question; completes on any thread.
   *
   * @param afterAsked how it fails once somebody was asked; null for as if nobody was, which is
   *     UNAVAILABLE
   */
  Future<RaftClientReply> ask(Try question, StoreException afterAsked) {
    Question asked = new Question(question, afterAsked);
    asked.next();
    return asked.answer.future();
  }

  /** No question is asked again. */
  void stop() {
    stopping = true;
  }

  /** No question is asked any more. */
  void shutdown() {
    submitting.shutdown();
  }

  private void look() {
    boolean found = hasLeader.getAsBoolean();
    if (!found && !leaderless) {
      leaderlessSinceNanos = System.nanoTime();
    }
    leaderless = !found;
  }

  private final class Question {

    private final Promise<RaftClientReply> answer = Promise.promise();
    private final Try question;
    private final StoreException afterAsked;
    private final long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    private boolean asked;

    Question(Try question, StoreException afterAsked) {
      this.question = question;
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
      try {
        look();
        CompletableFuture<RaftClientReply> reply = question.ask();
        if (reply == null) {
          again();
          return;
        }
        asked = true;
        // A copy, since the engine's own may be that of an earlier try, and has to stay.
        reply
            .copy()
            .orTimeout(TRY_MILLIS, TimeUnit.MILLISECONDS)
            .whenComplete(
                (given, failure) -> {
                  if (failure == null && given.isSuccess()) {
                    answer.complete(given);
                  } else {
                    LOG.debug("Ratis", failure != null ? failure : given.getException());
                    again();
                  }
                });
      } catch (StoreException stopped) {
        fail(stopped.getMessage());
      } catch (IOException | RuntimeException failure) {
        LOG.debug("Ratis", failure);
        again();
      }
    }

    private void again() {
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
      answer.fail(asked && afterAsked != null ? afterAsked : RaftEngine.unavailable(why));
    }
  }
}
