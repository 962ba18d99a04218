package dev.userservice.cluster;

import dev.userservice.proto.TraceContext;
import dev.userservice.proto.UserMessage;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The connection to one other server. One frame is in flight at a time; messages sent meanwhile
 * share the next. An unanswered frame is repeated, for {@link #PATIENCE_MILLIS}; then the server
 * counts as away, and no message waits for it until it answers or sends a frame itself.
 */
final class ChatLink {

  /** One message, shared by the links to all servers. */
  static final class Outgoing {

    private final long number;
    private final UserMessage message;
    private final TraceContext trace;
    private final Runnable arrived;
    private int pending;

    /**
     * @param number its position among all messages of this server
     * @param trace the trace of its sender, or an empty one
     * @param servers the number of servers to send it to
     * @param arrived called when all of them have it or are no longer waited for
     */
    Outgoing(long number, UserMessage message, TraceContext trace, int servers, Runnable arrived) {
      this.number = number;
      this.message = message;
      this.trace = trace;
      this.pending = servers;
      this.arrived = arrived;
      if (servers == 0) {
        arrived.run();
      }
    }

    UserMessage message() {
      return message;
    }

    TraceContext trace() {
      return trace;
    }

    private void arrived() {
      if (--pending == 0) {
        arrived.run();
      }
    }
  }

  /** Sends a frame; its Future fails when the answer is not received in time. */
  @FunctionalInterface
  interface Sender {
    Future<?> send(long first, List<Outgoing> messages, int millis);
  }

  /** Max messages of a frame: as many as one sender may have in flight, so that readers keep up. */
  private static final int MAX_TOGETHER = 64;

  /** The longest wait for an answer: enough for a busy server, not for one that is away. */
  private static final int PATIENCE_MILLIS = 5_000;

  private static final int ANSWER_MILLIS = 1_000;
  private static final int RETRY_MILLIS = 50;
  private static final int AWAY_MILLIS = 1_000;

  private final Vertx vertx;
  private final Sender sender;
  private final LongSupplier next;
  private final Runnable unanswered;
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private final Promise<Void> asked = Promise.promise();
  private Promise<Void> flushed;
  private List<Outgoing> sending = List.of();
  private long sinceNanos;
  private long sentNanos;
  private boolean busy;

  /** Initially true: before its first answer, the server may not be listening. */
  private boolean away = true;

  private boolean closed;

  /**
   * @param next supplies the number of the next message of this server
   * @param unanswered called repeatedly while the server counts as away
   */
  ChatLink(Vertx vertx, Sender sender, LongSupplier next, Runnable unanswered) {
    this.vertx = vertx;
    this.sender = sender;
    this.next = next;
    this.unanswered = unanswered;
  }

  /** Completes when the server has answered, or had time to. */
  Future<Void> ask() {
    if (!busy) {
      begin();
    }
    return asked.future();
  }

  /** Called when the server has sent a frame itself, so it listens. */
  void markReachable() {
    away = false;
  }

  void add(Outgoing message) {
    if (away || closed) {
      message.arrived();
      return;
    }
    waiting.add(message);
    if (!busy) {
      begin();
    }
  }

  /** Completes when no message waits here any more, or the time is up. */
  Future<Void> flush(int millis) {
    flushed = Promise.promise();
    if (!busy || away) {
      flushed.complete();
    }
    vertx.setTimer(millis, late -> flushed.tryComplete());
    return flushed.future();
  }

  /** Releases all waiting messages. */
  void close() {
    closed = true;
    dropAll();
    asked.tryComplete();
  }

  private void begin() {
    busy = true;
    sinceNanos = System.nanoTime();
    send();
  }

  private void send() {
    if (closed) {
      return;
    }
    // A repeated frame keeps its messages. A repeated empty frame includes the messages added
    // since: without them, its number would announce them as lost.
    if (sending.isEmpty()) {
      sending = new ArrayList<>();
      while (sending.size() < MAX_TOGETHER && !waiting.isEmpty()) {
        sending.add(waiting.remove());
      }
    }
    sentNanos = System.nanoTime();
    long first = sending.isEmpty() ? next.getAsLong() : sending.get(0).number;
    sender.send(first, List.copyOf(sending), ANSWER_MILLIS).onComplete(this::answered);
  }

  private void answered(AsyncResult<?> answer) {
    if (closed) {
      return;
    }
    if (millisSince(sentNanos) > 2 * ANSWER_MILLIS) {
      // This process was paused, not the other server.
      sinceNanos = System.nanoTime();
    }
    if (answer.succeeded()) {
      away = false;
      busy = false;
      asked.tryComplete();
      List<Outgoing> arrived = sending;
      sending = List.of();
      arrived.forEach(Outgoing::arrived);
      if (!waiting.isEmpty()) {
        begin();
      } else if (flushed != null) {
        flushed.tryComplete();
      }
    } else if (millisSince(sinceNanos) < PATIENCE_MILLIS) {
      vertx.setTimer(RETRY_MILLIS, again -> send());
    } else {
      away = true;
      dropAll();
      asked.tryComplete();
      vertx.setTimer(AWAY_MILLIS, again -> send());
      unanswered.run();
    }
  }

  /** Drops all messages; the numbers will show the other server that they are missing. */
  private void dropAll() {
    List<Outgoing> lost = new ArrayList<>(sending);
    lost.addAll(waiting);
    sending = List.of();
    waiting.clear();
    lost.forEach(Outgoing::arrived);
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }
}
