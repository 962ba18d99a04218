package dev.userservice.rpc;

import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;

/**
 * The deadlines of an event loop. Their timers are set at the end of a turn: most calls end in the
 * turn in which they began, and setting and cancelling a timer would be a measurable part of their
 * cost.
 */
final class Deadlines {

  private final List<Deadline> started = new ArrayList<>();

  void add(Deadline deadline) {
    started.add(deadline);
    if (started.size() == 1) {
      Vertx.currentContext().runOnContext(turn -> setTimers());
    }
  }

  private void setTimers() {
    Vertx vertx = Vertx.currentContext().owner();
    started.forEach(deadline -> deadline.setTimer(vertx));
    started.clear();
  }
}
