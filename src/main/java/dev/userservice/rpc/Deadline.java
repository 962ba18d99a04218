package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;

/**
 * The deadline of a call: the header {@code grpc-timeout} (the gRPC HTTP/2 specification,
 * "Timeout") or {@code connect-timeout-ms} (the Connect protocol), counted from the arrival of the
 * request headers.
 */
final class Deadline {

  private static final int MAX_DIGITS = 8;
  private static final int MAX_CONNECT_DIGITS = 10;

  /** A year; a longer timeout is none. */
  private static final long MAX_MILLIS = 365L * 24 * 3_600_000;

  private final Protocol protocol;
  private final String timeout;
  private final long millis;
  private final Handler<RpcException> late;
  private final long start = System.nanoTime();

  /** Null until the timer is set. */
  private Vertx vertx;

  private long timer;
  private boolean cancelled;

  private Deadline(Protocol protocol, String timeout, long millis, Handler<RpcException> late) {
    this.protocol = protocol;
    this.timeout = timeout;
    this.millis = millis;
    this.late = late;
  }

  /**
   * @param timeout the header of the protocol, or null
   * @param late called when the deadline is exceeded; at once for a timeout below the resolution of
   *     timers, which leaves no time for useful work
   * @return null when no timer is needed; {@link Deadlines} sets it
   * @throws RpcException when the header is malformed
   */
  static Deadline of(Protocol protocol, String timeout, Handler<RpcException> late) {
    if (timeout == null) {
      return null;
    }
    long millis =
        protocol.isConnect()
            ? connectMillis(protocol, timeout)
            : TimeUnit.NANOSECONDS.toMillis(nanos(timeout));
    if (millis < 1) {
      late.handle(exceeded(protocol, timeout));
      return null;
    }
    return millis < MAX_MILLIS ? new Deadline(protocol, timeout, millis, late) : null;
  }

  /** Sets the timer for the time that is left. */
  void setTimer(Vertx vertx) {
    if (!cancelled) {
      this.vertx = vertx;
      long passed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      timer =
          vertx.setTimer(
              Math.max(1, millis - passed), now -> late.handle(exceeded(protocol, timeout)));
    }
  }

  void cancel() {
    cancelled = true;
    if (vertx != null) {
      vertx.cancelTimer(timer);
    }
  }

  private static RpcException exceeded(Protocol protocol, String timeout) {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            "the call did not complete within the " + protocol.timeout() + " of " + timeout));
  }

  /**
   * Returns a timeout of gRPC in nanoseconds; {@link Long#MAX_VALUE} above the range of a long.
   *
   * @throws RpcException when the header is malformed
   */
  static long nanos(String header) {
    int last = header.length() - 1;
    long value = number(header, last, MAX_DIGITS);
    TimeUnit unit = value < 0 ? null : unit(header.charAt(last));
    if (unit == null) {
      throw malformed(
          Protocol.GRPC, "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n");
    }
    return unit.toNanos(value);
  }

  private static TimeUnit unit(char letter) {
    return switch (letter) {
      case 'H' -> TimeUnit.HOURS;
      case 'M' -> TimeUnit.MINUTES;
      case 'S' -> TimeUnit.SECONDS;
      case 'm' -> TimeUnit.MILLISECONDS;
      case 'u' -> TimeUnit.MICROSECONDS;
      case 'n' -> TimeUnit.NANOSECONDS;
      default -> null;
    };
  }

  private static long connectMillis(Protocol protocol, String header) {
    long millis = number(header, header.length(), MAX_CONNECT_DIGITS);
    if (millis < 0) {
      throw malformed(protocol, protocol.timeout() + " must be 1 to 10 digits");
    }
    return millis;
  }

  /** The number in the first characters; -1 when they are not 1 to {@code max} digits. */
  private static long number(String header, int digits, int max) {
    if (digits < 1 || digits > max) {
      return -1;
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      char c = header.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }

  private static RpcException malformed(Protocol protocol, String rule) {
    return new RpcException(new RpcStatus(protocol.violation(), "MALFORMED_TIMEOUT", rule));
  }
}
