package dev.userservice.client;

import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;

/** The moment at which something has to have ended. */
final class Deadline {

  private final long millis;
  private final long end;

  private Deadline(long millis, long end) {
    this.millis = millis;
    this.end = end;
  }

  static Deadline in(long millis) {
    return new Deadline(millis, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /** The earlier of this one, and one that is so many milliseconds away. */
  Deadline within(long millis) {
    return in(Math.min(millis, leftMillis()));
  }

  /** 1 or more: timers and grpc-timeout take no 0. */
  long leftMillis() {
    return Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
  }

  boolean over() {
    return System.nanoTime() - end >= 0;
  }

  CallException exceeded(String what) {
    return CallException.here(GrpcStatus.DEADLINE_EXCEEDED, what + " within " + millis + " ms");
  }
}
