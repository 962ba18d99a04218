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
 * The way to one other server. One frame is on its way at a time; what is said meanwhile goes
 * together in the next. A frame that is not answered is sent again, for {@link #PATIENCE_MILLIS};
 * then the server counts as away, and nothing waits for it until it is heard of again.
 */
final class ChatLink {

  /** One message, for all servers that it goes to. */
  static final class Said {

    private final long number;
    private final UserMessage message;
    private final TraceContext trace;
    private final Runnable arrived;
    private int underway;

    /**
     * @param number its place among all messages of this server
     * @param trace that of its sender; without content for none
     * @param servers how many it goes to
     * @param arrived called when it has arrived at all of them
     */
    Said(long number, UserMessage message, TraceContext trace, int servers, Runnable arrived) {
      this.number = number;
      this.message = message;
      this.trace = trace;
      this.underway = servers;
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
      if (--underway == 0) {
        arrived.run();
      }
    }
  }

  /** Sends a frame; its Future fails when no answer has come in time. */
  @FunctionalInterface
  interface Sender {
    Future<?> send(long first, List<Said> messages, int millis);
  }

  /** Messages of a frame: no more than a sender may have on their way, so that readers keep up. */
  private static final int MOST_TOGETHER = 64;

  /** A sender's messages wait for this: long enough for a busy server, not for one that is away. */
  private static final int PATIENCE_MILLIS = 5_000;

  private static final int ANSWER_MILLIS = 1_000;
  private static final int AGAIN_MILLIS = 50;
  private static final int AWAY_MILLIS = 1_000;

  private final Vertx vertx;
  private final Sender sender;
  private final LongSupplier next;
  private final Runnable unanswered;
  private final Queue<Said> waiting = new ArrayDeque<>();
  private final Promise<Void> asked = Promise.promise();
  private Promise<Void> flushed;
  private List<Said> sending = List.of();
  private long sinceNanos;
  private long sentNanos;
  private boolean busy;

  /** Nothing waits for a server that has yet to answer: it may not be listening. */
  private boolean away = true;

  private boolean closed;

  /**
   * @param next the number of the next message of this server
   * @param unanswered called, again and again, while the server counts as away
   */
  ChatLink(Vertx vertx, Sender sender, LongSupplier next, Runnable unanswered) {
    this.vertx = vertx;
    this.sender = sender;
    this.next = next;
    this.unanswered = unanswered;
  }

  /** Completes when the server has answered, or has had time to. */
  Future<Void> ask() {
    if (!busy) {
      begin();
    }
    return asked.future();
  }

  /** The server has been heard of, and so it listens. */
  void there() {
    away = false;
  }

  void add(Said said) {
    if (away || closed) {
      said.arrived();
      return;
    }
    waiting.add(said);
    if (!busy) {
      begin();
    }
  }

  /** Completes when nothing waits here any more, or the time is up. */
  Future<Void> flush(int millis) {
    flushed = Promise.promise();
    if (!busy || away) {
      flushed.complete();
    }
    vertx.setTimer(millis, late -> flushed.tryComplete());
    return flushed.future();
  }

  /** Waits for nothing any more. */
  void close() {
    closed = true;
    giveUp();
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
    // What was sent stays together when it is sent again; an empty frame takes what has come since,
    // or its number would say that that is lost.
    if (sending.isEmpty()) {
      sending = new ArrayList<>();
      while (sending.size() < MOST_TOGETHER && !waiting.isEmpty()) {
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
      // It was this process that stood still, and not the other.
      sinceNanos = System.nanoTime();
    }
    if (answer.succeeded()) {
      away = false;
      busy = false;
      asked.tryComplete();
      List<Said> there = sending;
      sending = List.of();
      there.forEach(Said::arrived);
      if (!waiting.isEmpty()) {
        begin();
      } else if (flushed != null) {
        flushed.tryComplete();
      }
    } else if (millisSince(sinceNanos) < PATIENCE_MILLIS) {
      vertx.setTimer(AGAIN_MILLIS, again -> send());
    } else {
      away = true;
      giveUp();
      asked.tryComplete();
      vertx.setTimer(AWAY_MILLIS, again -> send());
      unanswered.run();
    }
  }

  /** They will know by the numbers that they have missed these. */
  private void giveUp() {
    List<Said> lost = new ArrayList<>(sending);
    lost.addAll(waiting);
    sending = List.of();
    waiting.clear();
    lost.forEach(Said::arrived);
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }
}
