package dev.userservice.store;

import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets reads through once it is confirmed that what they will see is no older than they are. Reads
 * that wait at the same time share one confirmation: the first that begins after all of them have
 * come. May be used from any thread.
 */
final class ReadGate {

  /**
   * Where many read at a time, a confirmation lets some more come before the next begins: one costs
   * as much as some dozens of reads. A millisecond for so many as shared the last.
   */
  private static final int READS_OF_A_MILLISECOND = 16;

  private static final int MAX_PAUSE_MILLIS = 4;

  /** Confirmations on their way: the next need not wait for the last, unless that takes long. */
  private static final int MOST_CONFIRMING = 2;

  private final VertxInternal vertx;
  private final Supplier<Future<Void>> confirm;

  // All of these under the lock of this.

  /** Who waits for the next confirmation, by event loop. */
  private Map<EventLoop, List<Promise<Void>>> waiting = new HashMap<>();

  private boolean planned;
  private int confirming;
  private long notBeforeNanos = System.nanoTime();

  ReadGate(Vertx vertx, Supplier<Future<Void>> confirm) {
    this.vertx = (VertxInternal) vertx;
    this.confirm = confirm;
  }

  /** Completes on the caller's event loop. */
  Future<Void> pass() {
    ContextInternal caller = vertx.getOrCreateContext();
    Promise<Void> read = caller.promise();
    synchronized (this) {
      waiting.computeIfAbsent(caller.nettyEventLoop(), loop -> new ArrayList<>()).add(read);
      planNext();
    }
    return read.future();
  }

  /** Not at once, so that the calls that came with the first share its confirmation. */
  private void planNext() {
    if (!planned && confirming < MOST_CONFIRMING && !waiting.isEmpty()) {
      planned = true;
      long pause = Math.max(0, notBeforeNanos - System.nanoTime());
      EventLoop loop = waiting.keySet().iterator().next();
      loop.schedule(this::confirmNext, pause, TimeUnit.NANOSECONDS);
    }
  }

  private void confirmNext() {
    Map<EventLoop, List<Promise<Void>>> those;
    synchronized (this) {
      planned = false;
      confirming++;
      those = waiting;
      waiting = new HashMap<>();
      notBeforeNanos = System.nanoTime() + pauseAfter(those);
    }
    Future.succeededFuture()
        .compose(begins -> confirm.get())
        .onComplete(
            (confirmed, failure) -> {
              those.forEach(
                  (loop, reads) ->
                      // In one turn, so that what they answer leaves together.
                      loop.execute(() -> reads.forEach(read -> read.complete(confirmed, failure))));
              synchronized (this) {
                confirming--;
                planNext();
              }
            });
  }

  private static long pauseAfter(Map<EventLoop, List<Promise<Void>>> last) {
    int reads = last.values().stream().mapToInt(List::size).sum();
    int millis = Math.min(MAX_PAUSE_MILLIS, reads / READS_OF_A_MILLISECOND);
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }
}
