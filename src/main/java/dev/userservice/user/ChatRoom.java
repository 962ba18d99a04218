package dev.userservice.user;

import io.vertx.core.Context;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The chat room of a process: every open StreamUsers call, on whatever event loop it runs.
 *
 * <p>It is made of corners, one for each event loop. Inside a corner everything happens on its own
 * event loop, without locks; what is said in one corner is handed to the others, in order.
 */
public final class ChatRoom {

  private final List<ChatCorner> corners = new CopyOnWriteArrayList<>();
  private final int queueLimit;
  private final Clock clock;

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

  List<ChatCorner> corners() {
    return corners;
  }

  void remove(ChatCorner corner) {
    corners.remove(corner);
  }
}
