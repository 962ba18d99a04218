package dev.userservice.user;

import dev.userservice.proto.UserMessage;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/**
 * The chat room of a process: every open StreamUsers call, on whatever event loop it runs. It may
 * be connected to rooms elsewhere, and is then one room with them.
 *
 * <p>It is made of corners, one for each event loop. Inside a corner everything happens on its own
 * event loop, without locks; what is said in one corner is handed to the others, in order.
 */
public final class ChatRoom {

  private final List<ChatCorner> corners = new CopyOnWriteArrayList<>();
  private final int queueLimit;
  private final Clock clock;
  private volatile BiConsumer<UserMessage, Runnable> elsewhere;

  /**
   * @param queueLimit the most messages that wait for one member to read them
   */
  public ChatRoom(int queueLimit, Clock clock) {
    this.queueLimit = queueLimit;
    this.clock = clock;
  }

  /** Opens the corner of an event loop; whoever opens it closes it. */
  public ChatCorner open(Context context) {
    ChatCorner corner = new ChatCorner(this, context, queueLimit, clock);
    corners.add(corner);
    return corner;
  }

  /**
   * Connects it to rooms elsewhere.
   *
   * @param pass is handed what is said here, and something to call, from any thread, when it has
   *     arrived or is not waited for; called on the event loop of who speaks
   */
  public void connect(BiConsumer<UserMessage, Runnable> pass) {
    elsewhere = pass;
  }

  /**
   * Gives all members here what was said elsewhere, in order. May be called from any thread.
   *
   * @return completes, on any thread, when they have it
   */
  public Future<Void> hear(List<UserMessage> messages) {
    return Future.join(corners.stream().map(corner -> corner.hear(messages)).toList()).mapEmpty();
  }

  /** How many members there are here. May be asked from any thread. */
  public int members() {
    return corners.stream().mapToInt(ChatCorner::members).sum();
  }

  /** How many messages wait for members here to read them. May be asked from any thread. */
  public long waiting() {
    return corners.stream().mapToLong(ChatCorner::waiting).sum();
  }

  /** Ends all members here: not everything that was said elsewhere has come. */
  public void interrupt() {
    corners.forEach(ChatCorner::interrupt);
  }

  /** Whether there is an elsewhere. */
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
