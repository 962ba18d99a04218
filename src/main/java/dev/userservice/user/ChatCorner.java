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
  // Of the concurrent kind because a member may leave while a message goes round.
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
   * Takes a member in.
   *
   * @param speaksAs the user that it is; 0 when it may say itself who it is
   * @param in what the member says; it leaves when this ends or fails
   * @param out what the member gets to read
   * @param memory what holds the messages that wait for it
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

  /** How many members there are here. */
  public int members() {
    return members.size();
  }

  /** Counts messages that wait for members, or have gone. */
  void countWaiting(int more) {
    waiting.add(more);
  }

  long waiting() {
    return waiting.sum();
  }

  /** Ends every member's stream; nobody joins any more. */
  public void close() {
    closed = true;
    room.remove(this);
    members.forEach(member -> member.end(UserException.shuttingDown()));
  }

  /**
   * Hands a message to everybody but its sender.
   *
   * @param arrived called on this event loop, in a later turn, for each corner that has got the
   *     message, this one included, and for all other servers together
   * @return how many calls are yet to come
   */
  int pass(ChatMember sender, UserMessage message, Handler<Void> arrived) {
    hear(sender, message);
    context.runOnContext(arrived);
    int underway = 1;
    for (ChatCorner other : room.corners()) {
      // Another event loop is not woken up for nobody.
      if (other != this && !other.members.isEmpty()) {
        underway++;
        other.context.runOnContext(
            turn -> {
              other.hear(sender, message);
              context.runOnContext(arrived);
            });
      }
    }
    if (room.passElsewhere(message, () -> context.runOnContext(arrived))) {
      underway++;
    }
    return underway;
  }

  /** Gives all members messages of elsewhere; completes when they have them. */
  Future<Void> hear(List<UserMessage> messages) {
    Promise<Void> heard = Promise.promise();
    context.runOnContext(
        turn -> {
          messages.forEach(message -> hear(null, message));
          heard.complete();
        });
    return heard.future();
  }

  /** Ends every member's stream, because it has missed messages. */
  void interrupt() {
    context.runOnContext(
        turn -> members.forEach(member -> member.end(UserException.chatInterrupted())));
  }

  void remove(ChatMember member) {
    members.remove(member);
  }

  private void hear(ChatMember sender, UserMessage message) {
    for (ChatMember member : members) {
      if (member != sender) {
        member.hear(message);
      }
    }
  }
}
