package dev.userservice.client;

import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;

/** The latest end of one or more calls. */
public final class Deadline {

  /** A hundred years away. */
  public static final Deadline NEVER = in(TimeUnit.DAYS.toMillis(36_500));

  private final long millis;
  private final long end;

  private Deadline(long millis, long end) {
    this.millis = millis;
    this.end = end;
  }

  public static Deadline in(long millis) {
    return new Deadline(millis, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /** The earlier of this deadline and one in {@code millis} milliseconds. */
  public Deadline within(long millis) {
    return in(Math.min(millis, leftMillis()));
  }

  /** The remaining time in milliseconds, at least 1: timers and grpc-timeout refuse 0. */
  public long leftMillis() {
    return Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
  }

  public boolean isOver() {
    return System.nanoTime() - end >= 0;
  }

  CallException exceeded(String what) {
    return CallException.here(GrpcStatus.DEADLINE_EXCEEDED, what + " within " + millis + " ms");
  }
}
