package dev.userservice.rpc;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/** The timers of one HTTP/2 connection: keepalive, idleness and age. */
final class ConnectionTimers {

  private static final long NONE = -1;

  /** Ages differ by this part, so that connections opened together do not reconnect together. */
  private static final double AGE_JITTER = 0.1;

  private final Vertx vertx;
  private final HttpConnection connection;
  private final Connections.Bounds bounds;
  private final BooleanSupplier busy;
  private final Runnable close;
  private long keepalive = NONE;
  private long pingTimeout = NONE;
  private long idle = NONE;
  private long age = NONE;
  private boolean wasIdle;

  /**
   * @param busy true while a call is open
   * @param close closes the connection when it is idle
   */
  ConnectionTimers(
      Vertx vertx,
      HttpConnection connection,
      Connections.Bounds bounds,
      BooleanSupplier busy,
      Runnable close) {
    this.vertx = vertx;
    this.connection = connection;
    this.bounds = bounds;
    this.busy = busy;
    this.close = close;
  }

  /**
   * Starts the timers.
   *
   * @param aged called once at the maximum age
   * @param over called when the grace after it has passed
   */
  void start(Runnable aged, Runnable over) {
    if (bounds.keepaliveMillis() > 0) {
      keepalive = vertx.setPeriodic(bounds.keepaliveMillis(), turn -> ping());
    }
    if (bounds.idleMillis() > 0) {
      // Closed after two checks in a row without a call: half the time at least, all of it at most.
      idle = vertx.setPeriodic(Math.max(1, bounds.idleMillis() / 2), turn -> checkIdle());
    }
    if (bounds.ageMillis() > 0) {
      age =
          vertx.setTimer(
              jittered(bounds.ageMillis()),
              old -> {
                aged.run();
                age = vertx.setTimer(Math.max(1, bounds.ageGraceMillis()), late -> over.run());
              });
    }
  }

  /** Changes an age by up to a tenth, at random. */
  static long jittered(int millis) {
    double factor = ThreadLocalRandom.current().nextDouble(1 - AGE_JITTER, 1 + AGE_JITTER);
    return Math.max(1, Math.round(millis * factor));
  }

  private void ping() {
    if (pingTimeout != NONE) {
      return;
    }
    pingTimeout = vertx.setTimer(bounds.keepaliveTimeoutMillis(), silence -> connection.close());
    connection
        .ping(Buffer.buffer(8).appendLong(System.nanoTime()))
        .onComplete(
            answered -> {
              vertx.cancelTimer(pingTimeout);
              pingTimeout = NONE;
            });
  }

  private void checkIdle() {
    boolean nowIdle = !busy.getAsBoolean();
    if (nowIdle && wasIdle) {
      close.run();
    }
    wasIdle = nowIdle;
  }

  void stop() {
    for (long timer : new long[] {keepalive, pingTimeout, idle, age}) {
      vertx.cancelTimer(timer);
    }
  }
}
