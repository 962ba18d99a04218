package dev.userservice.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The time for which tests wait for what has to happen. No test is about speed: on a slow or busy
 * machine, this is the one number to raise.
 */
public final class Waits {

  /** The max of one wait: a call, a line of output, the end of a process. */
  public static final int SECONDS = 60;

  public static final int MILLIS = 1_000 * SECONDS;

  /** The max of a test method. */
  public static final int TEST_SECONDS = 5 * SECONDS;

  /**
   * The pause of a caller of a load between two calls: without it, no server would get to start.
   */
  public static final int PAUSE_MILLIS = 10;

  private static final long TURN_NANOS = Duration.ofMillis(2).toNanos();

  private Waits() {}

  /** Waits until a condition holds that nothing can be told of; fails after {@link #SECONDS}. */
  public static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as(what).isNegative();
      pause();
    }
  }

  /** Leaves the processor to what is waited for. */
  public static void pause() {
    LockSupport.parkNanos(TURN_NANOS);
  }

  /** Waits for {@link #PAUSE_MILLIS}. */
  public static void betweenCalls() {
    LockSupport.parkNanos(Duration.ofMillis(PAUSE_MILLIS).toNanos());
  }
}
