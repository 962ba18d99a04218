package dev.userservice.user;

import dev.userservice.proto.UserMessage;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The members of the {@link ChatRoom} whose calls run on one event loop. Everything here happens on
 * that loop.
 */
public final class ChatCorner {

  private final ChatRoom room;
  private final Context context;
  private final int queueLimit;
  private final Clock clock;
  // A concurrent set, because a member may leave while a message is being delivered.
  private final Set<ChatMember> members = ConcurrentHashMap.newKeySet();
  private final LongAdder waiting = new LongAdder();
  private boolean closed;

  ChatCorner(ChatRoom room, Context context, int queueLimit, Clock clock) {
    this.room = room;
    this.context = context;
    this.queueLimit = queueLimit;
    this.clock = clock;
  }

  /**
   * Adds a member.
   *
   * @param speaksAs the member's user id; 0 when its messages may give one
   * @param in the messages of the member, which leaves when this ends or fails
   * @param out the messages to the member
   * @param memory counts the messages that wait for the member
   * @return completes when the member has left and read everything; fails when it breaks a rule,
   *     does not keep up, or the corner closes
   */
  public Future<Void> join(
      int speaksAs, ReadStream<UserMessage> in, WriteStream<UserMessage> out, Holder memory) {
    if (closed) {
      return Future.failedFuture(UserException.shuttingDown());
    }
    ChatMember member = new ChatMember(this, speaksAs, in, out, memory, queueLimit, clock);
    members.add(member);
    return member.chat();
  }

  /** The number of members in this corner. */
  public int members() {
    return members.size();
  }

  /** Adds to the number of waiting messages; a negative number subtracts. */
  void countWaiting(int more) {
    waiting.add(more);
  }

  long waiting() {
    return waiting.sum();
  }

  /** Ends every member's stream, and refuses new members. */
  public void close() {
    closed = true;
    room.remove(this);
    members.forEach(member -> member.end(UserException.shuttingDown()));
  }

  /**
   * Passes a message to all members but its sender.
   *
   * @param arrived called on this event loop, in a later turn: once for each other corner that has
   *     the message, and once for all other servers together
   * @return the number of those calls
   */
  int pass(ChatMember sender, UserMessage message, Handler<Void> arrived) {
    deliver(sender, message);
    int underway = 0;
    for (ChatCorner other : room.corners()) {
      // Do not wake an event loop without members.
      if (other != this && !other.members.isEmpty()) {
        underway++;
        other.context.runOnContext(
            turn -> {
              other.deliver(sender, message);
              context.runOnContext(arrived);
            });
      }
    }
    if (room.passElsewhere(message, () -> context.runOnContext(arrived))) {
      underway++;
    }
    return underway;
  }

  /** Runs code in a later turn of this event loop. */
  void later(Runnable code) {
    context.runOnContext(turn -> code.run());
  }

  /** Delivers messages from other servers to all members; completes when they have them. */
  Future<Void> deliver(List<UserMessage> messages) {
    Promise<Void> delivered = Promise.promise();
    context.runOnContext(
        turn -> {
          messages.forEach(message -> deliver(null, message));
          delivered.complete();
        });
    return delivered.future();
  }

  /** Ends every member's stream, because messages were lost. */
  void interrupt() {
    context.runOnContext(
        turn -> members.forEach(member -> member.end(UserException.chatInterrupted())));
  }

  void remove(ChatMember member) {
    members.remove(member);
  }

  private void deliver(ChatMember sender, UserMessage message) {
    for (ChatMember member : members) {
      if (member != sender) {
        member.deliver(message);
      }
    }
  }
}
