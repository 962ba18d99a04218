package dev.userservice.user;

import dev.userservice.proto.UserMessage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * One open StreamUsers call.
 *
 * <p>Two things keep it within bounds. What others say waits in a queue while the member does not
 * read, and a full queue ends the member, so that no other one waits for it. What it says itself is
 * read no faster than it takes the answers, and than the other event loops take the messages, so
 * that a burst from one sender never fills the queue of a reader that does keep up.
 */
final class ChatMember {

  /**
   * The max number of unfinished deliveries to corners and other servers; the member is paused
   * while there are more. Event loops send, and learn what was read, only between two turns.
   */
  private static final int MAX_UNDERWAY = 64;

  /** The memory for a message in a queue besides its fields. */
  private static final int WAITING_BYTES = 64;

  private final ChatCorner corner;
  private final int speaksAs;
  private final ReadStream<UserMessage> in;
  private final WriteStream<UserMessage> out;
  private final Holder memory;
  private final int queueLimit;
  private final Clock clock;
  private final Queue<UserMessage> waiting = new ArrayDeque<>();
  private final Promise<Void> chat = Promise.promise();
  private int underway;

  /** Those of {@link #underway} that have reached this corner, and count until the next turn. */
  private int arrivedHere;

  private boolean paused;
  private boolean saidAll;
  private boolean over;

  ChatMember(
      ChatCorner corner,
      int speaksAs,
      ReadStream<UserMessage> in,
      WriteStream<UserMessage> out,
      Holder memory,
      int queueLimit,
      Clock clock) {
    this.corner = corner;
    this.speaksAs = speaksAs;
    this.in = in;
    this.out = out;
    this.memory = memory;
    this.queueLimit = queueLimit;
    this.clock = clock;
  }

  /** Completes when the member has half-closed and read everything; fails when it is ended. */
  Future<Void> chat() {
    out.drainHandler(drained -> write());
    in.exceptionHandler(this::end)
        .endHandler(
            end -> {
              saidAll = true;
              corner.remove(this);
              write();
            })
        .handler(this::say);
    return chat.future();
  }

  /** Queues a message from another member. */
  void deliver(UserMessage message) {
    if (waiting.size() == queueLimit) {
      end(UserException.readerTooSlow(queueLimit));
    } else {
      enqueue(message);
    }
  }

  /** Ends the stream of this member alone. */
  void end(Throwable why) {
    if (!over) {
      over = true;
      corner.countWaiting(-waiting.size());
      waiting.clear();
      corner.remove(this);
      chat.fail(why);
    }
  }

  private void say(UserMessage message) {
    if (over) {
      return;
    }
    UserMessage spoken;
    try {
      spoken = UserRules.spoken(message, speaksAs, clock);
    } catch (UserException refused) {
      end(refused);
      return;
    }
    enqueue(
        UserMessage.newBuilder()
            .setMessage("Server received: " + spoken.getMessage())
            .setTimestamp(UserRules.timestamp(clock))
            .build());
    underway += 1 + corner.pass(this, spoken, arrived -> passed(1));
    if (arrivedHere++ == 0) {
      corner.later(this::passedHere);
    }
    throttle();
  }

  /** The messages of one turn together: a task for each would be a part of its cost. */
  private void passedHere() {
    int all = arrivedHere;
    arrivedHere = 0;
    passed(all);
  }

  private void passed(int deliveries) {
    underway -= deliveries;
    throttle();
  }

  private void enqueue(UserMessage message) {
    if (over) {
      return;
    }
    if (waiting.isEmpty() && !out.writeQueueFull()) {
      out.write(message);
    } else if (memory.hold(bytes(message))) {
      waiting.add(message);
      corner.countWaiting(1);
      write();
    } else {
      end(memory.exceeded());
    }
  }

  private void write() {
    while (!waiting.isEmpty() && !out.writeQueueFull()) {
      UserMessage message = waiting.remove();
      memory.release(bytes(message));
      out.write(message);
      corner.countWaiting(-1);
    }
    if (saidAll && !over && waiting.isEmpty()) {
      over = true;
      chat.complete();
    }
    throttle();
  }

  /** The approximate memory for a waiting message, which other queues may share. */
  private static int bytes(UserMessage message) {
    return WAITING_BYTES + message.getSerializedSize();
  }

  /** Pauses the member while it does not read or its deliveries are slow. */
  private void throttle() {
    boolean pause = !waiting.isEmpty() || underway >= MAX_UNDERWAY;
    if (pause != paused && !saidAll && !over) {
      paused = pause;
      if (pause) {
        in.pause();
      } else {
        in.resume();
      }
    }
  }
}
