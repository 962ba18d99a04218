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
 * Delays reads until it is confirmed that they will see all writes acknowledged before them. Reads
 * that wait at the same time share one confirmation, which begins after all of them. May be used
 * from any thread.
 */
final class ReadGate {

  /**
   * With many concurrent reads, the next confirmation is delayed so that more of them share it: it
   * costs as much as dozens of reads. The delay is a millisecond per so many reads of the last one.
   */
  private static final int READS_PER_MILLISECOND = 16;

  private static final int MAX_PAUSE_MILLIS = 4;

  /** Max concurrent confirmations: the next does not wait for a slow one. */
  private static final int MAX_CONFIRMING = 2;

  private final VertxInternal vertx;
  private final Supplier<Future<Void>> confirm;

  // Guarded by this.

  /** The reads that wait for the next confirmation, by event loop. */
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

  /** Scheduled, not run at once, so that calls of the same turn share a confirmation. */
  private void planNext() {
    if (!planned && confirming < MAX_CONFIRMING && !waiting.isEmpty()) {
      planned = true;
      long pause = Math.max(0, notBeforeNanos - System.nanoTime());
      EventLoop loop = waiting.keySet().iterator().next();
      loop.schedule(this::confirmNext, pause, TimeUnit.NANOSECONDS);
    }
  }

  private void confirmNext() {
    Map<EventLoop, List<Promise<Void>>> batch;
    synchronized (this) {
      planned = false;
      confirming++;
      batch = waiting;
      waiting = new HashMap<>();
      notBeforeNanos = System.nanoTime() + pauseAfter(batch);
    }
    Future.succeededFuture()
        .compose(begins -> confirm.get())
        .onComplete(
            (confirmed, failure) -> {
              batch.forEach(
                  (loop, reads) ->
                      // In one turn, so that their answers are flushed together.
                      loop.execute(() -> reads.forEach(read -> read.complete(confirmed, failure))));
              synchronized (this) {
                confirming--;
                planNext();
              }
            });
  }

  private static long pauseAfter(Map<EventLoop, List<Promise<Void>>> last) {
    int reads = last.values().stream().mapToInt(List::size).sum();
    int millis = Math.min(MAX_PAUSE_MILLIS, reads / READS_PER_MILLISECOND);
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }
}
