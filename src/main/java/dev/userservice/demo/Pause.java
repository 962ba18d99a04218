package dev.userservice.demo;

import dev.userservice.client.Deadline;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;

/**
 * The pause between two steps of the demo, for people who watch it.
 *
 * @param millis 0 for none
 * @param budget the time of the whole demo, which a pause does not exceed
 */
record Pause(Vertx vertx, int millis, Deadline budget) {

  Future<Void> take() {
    return millis == 0 || budget.isOver()
        ? Future.succeededFuture()
        : vertx.timer(budget.within(millis).leftMillis(), TimeUnit.MILLISECONDS).mapEmpty();
  }
}
