package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A first call before the real ones, for which a new JVM loads classes: for a quarter of a second,
 * on a busy machine for several seconds. It calls the health check, and accepts any end.
 */
public final class WarmUp {

  /**
   * The max time of a turn of the event loop in a program that ends by itself, in nanoseconds: the
   * classes are loaded on that loop, and of less Vert.x would warn.
   */
  public static final long MAX_TURN_NANOS = TimeUnit.SECONDS.toNanos(60);

  private static final long TICK_MILLIS = 10;

  private final Vertx vertx;
  private final Promise<Void> over = Promise.promise();

  private WarmUp(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * Calls the first server that can be reached.
   *
   * @param servers each opens a call on one server, on which nothing has been sent
   * @param maxMillis the max wait for the servers, not counting the time in which the event loop is
   *     busy
   * @return never fails
   */
  static Future<Void> call(
      Vertx vertx,
      List<Supplier<Future<ClientCall<HealthCheckRequest, HealthCheckResponse>>>> servers,
      long maxMillis) {
    WarmUp warmUp = new WarmUp(vertx);
    warmUp.next(servers.iterator());
    warmUp.tick(maxMillis);
    return warmUp.over.future();
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

  /** Counts only the time in which the event loop is free. */
  private void tick(long leftMillis) {
    if (leftMillis <= 0) {
      over.tryComplete();
    } else if (!over.future().isComplete()) {
      vertx.setTimer(TICK_MILLIS, tick -> tick(leftMillis - TICK_MILLIS));
    }
  }
}
