package dev.userservice.user;

import dev.userservice.proto.UserMessage;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/**
 * The chat room of a process: every open StreamUsers call, on all event loops. It may be connected
 * to the rooms of other servers, and then forms one room with them.
 *
 * <p>It consists of corners, one for each event loop. A corner does everything on its own event
 * loop, without locks, and passes messages to the other corners in order.
 */
public final class ChatRoom {

  private final List<ChatCorner> corners = new CopyOnWriteArrayList<>();
  private final int queueLimit;
  private final Clock clock;
  private volatile BiConsumer<UserMessage, Runnable> elsewhere;

  /**
   * @param queueLimit the max number of messages that wait for one member to read them
   */
  public ChatRoom(int queueLimit, Clock clock) {
    this.queueLimit = queueLimit;
    this.clock = clock;
  }

  /** Opens the corner of an event loop; the caller must close it. */
  public ChatCorner open(Context context) {
    ChatCorner corner = new ChatCorner(this, context, queueLimit, clock);
    corners.add(corner);
    return corner;
  }

  /**
   * Connects the room to other servers.
   *
   * @param pass called on the sender's event loop with each message, and with a function that it
   *     calls, on any thread, once the message has arrived or is no longer waited for
   */
  public void connect(BiConsumer<UserMessage, Runnable> pass) {
    elsewhere = pass;
  }

  /**
   * Delivers messages from other servers to all members, in order. May be called on any thread.
   *
   * @return completes, on any thread, when the members have them
   */
  public Future<Void> deliver(List<UserMessage> messages) {
    return Future.join(corners.stream().map(corner -> corner.deliver(messages)).toList())
        .mapEmpty();
  }

  /** The number of members on this server. May be called on any thread. */
  public int members() {
    return corners.stream().mapToInt(ChatCorner::members).sum();
  }

  /** The number of messages that members have yet to read. May be called on any thread. */
  public long waiting() {
    return corners.stream().mapToLong(ChatCorner::waiting).sum();
  }

  /** Ends all members on this server, because messages from other servers were lost. */
  public void interrupt() {
    corners.forEach(ChatCorner::interrupt);
  }

  /** Passes a message to other servers; returns false when the room is not connected. */
  boolean passElsewhere(UserMessage message, Runnable arrived) {
    BiConsumer<UserMessage, Runnable> pass = elsewhere;
    if (pass != null) {
      pass.accept(message, arrived);
    }
    return pass != null;
  }

  List<ChatCorner> corners() {
    return corners;
  }

  void remove(ChatCorner corner) {
    corners.remove(corner);
  }
}
