package dev.userservice.rpc;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/** The timers of one HTTP/2 connection: whether it lives, whether it is idle, how old it is. */
final class ConnectionTimers {

  private static final long NONE = -1;

  /** Ages differ by this part, so that connections of one moment do not all return in one. */
  private static final double AGE_JITTER = 0.1;

  private final Vertx vertx;
  private final HttpConnection connection;
  private final Connections.Bounds bounds;
  private final BooleanSupplier busy;
  private final Runnable close;
  private long keepalive = NONE;
  private long answer = NONE;
  private long idle = NONE;
  private long age = NONE;
  private boolean wasIdle;

  /**
   * @param busy whether a call is open
   * @param close ends the connection when it is idle
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
   * Starts them.
   *
   * @param aged called once at the maximum age
   * @param over called when the grace after it has passed
   */
  void start(Runnable aged, Runnable over) {
    if (bounds.keepaliveMillis() > 0) {
      keepalive = vertx.setPeriodic(bounds.keepaliveMillis(), turn -> ask());
    }
    if (bounds.idleMillis() > 0) {
      // Two looks in a row without a call: idle for at least half the time, for at most all of it.
      idle = vertx.setPeriodic(Math.max(1, bounds.idleMillis() / 2), turn -> look());
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

  /** An age, a tenth more or less. */
  static long jittered(int millis) {
    double factor = ThreadLocalRandom.current().nextDouble(1 - AGE_JITTER, 1 + AGE_JITTER);
    return Math.max(1, Math.round(millis * factor));
  }

  private void ask() {
    if (answer != NONE) {
      return;
    }
    answer = vertx.setTimer(bounds.keepaliveTimeoutMillis(), silence -> connection.close());
    connection
        .ping(Buffer.buffer(8).appendLong(System.nanoTime()))
        .onComplete(
            answered -> {
              vertx.cancelTimer(answer);
              answer = NONE;
            });
  }

  private void look() {
    boolean nowIdle = !busy.getAsBoolean();
    if (nowIdle && wasIdle) {
      close.run();
    }
    wasIdle = nowIdle;
  }

  void stop() {
    for (long timer : new long[] {keepalive, answer, idle, age}) {
      vertx.cancelTimer(timer);
    }
  }
}
