package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;

/**
 * A first call, before those that count: a new JVM loads classes for it, for a quarter of a second
 * and on a busy machine for several. It asks for the health of the server, but any answer will do,
 * as will none.
 */
final class WarmUp {

  private static final long TICK_MILLIS = 10;

  private final Vertx vertx;
  private final Promise<Void> over = Promise.promise();

  private WarmUp(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * Calls the first server that can be reached.
   *
   * @param servers open a call on one server each; nothing may have been sent on it
   * @param maxMillis how long to wait for the servers. Time in which this JVM was busy with itself
   *     does not count
   * @return never fails
   */
  static Future<Void> call(
      Vertx vertx,
      List<Supplier<Future<ClientCall<HealthCheckRequest, HealthCheckResponse>>>> servers,
      long maxMillis) {
    WarmUp warmUp = new WarmUp(vertx);
    warmUp.next(servers.iterator());
    warmUp.tick(maxMillis);
    return Future.join(
            warmUp.over.future(),
            vertx.executeBlocking(
                () -> {
                  Transcript.loadClasses();
                  return null;
                }))
        .otherwiseEmpty()
        .mapEmpty();
  }

  private void next(
      Iterator<Supplier<Future<ClientCall<HealthCheckRequest, HealthCheckResponse>>>> servers) {
    if (!servers.hasNext()) {
      over.tryComplete();
    } else if (!over.future().isComplete()) {
      servers.next().get().onComplete(this::ask, unreachable -> next(servers));
    }
  }

  private void ask(ClientCall<HealthCheckRequest, HealthCheckResponse> call) {
    over.future().onComplete(end -> call.cancel());
    call.sendAll(List.of(HealthCheckRequest.getDefaultInstance()).iterator());
    call.ended().onComplete(end -> over.tryComplete());
  }

  /** Counts the time in which the event loop is free, as no clock does. */
  private void tick(long leftMillis) {
    if (leftMillis <= 0) {
      over.tryComplete();
    } else if (!over.future().isComplete()) {
      vertx.setTimer(TICK_MILLIS, tick -> tick(leftMillis - TICK_MILLIS));
    }
  }
}
