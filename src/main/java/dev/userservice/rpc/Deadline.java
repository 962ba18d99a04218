package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;

/**
 * The deadline of a call: the header {@code grpc-timeout} (the gRPC HTTP/2 specification,
 * "Timeout"), counted from the arrival of the request headers.
 */
final class Deadline {

  private static final int MAX_DIGITS = 8;

  /** A year; a longer timeout sets no timer. */
  private static final long MAX_MILLIS = 365L * 24 * 3_600_000;

  private final Vertx vertx;
  private final long timer;

  private Deadline(Vertx vertx, long timer) {
    this.vertx = vertx;
    this.timer = timer;
  }

  /**
   * @param timeout the header, or null
   * @param late called when the deadline is exceeded; at once for a timeout below the resolution of
   *     timers, which leaves no time for useful work
   * @return null when no timer is set
   * @throws RpcException when the header is malformed
   */
  static Deadline of(Vertx vertx, String timeout, Handler<RpcException> late) {
    if (timeout == null) {
      return null;
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos(timeout));
    if (millis < 1) {
      late.handle(exceeded(timeout));
      return null;
    }
    return millis < MAX_MILLIS
        ? new Deadline(vertx, vertx.setTimer(millis, now -> late.handle(exceeded(timeout))))
        : null;
  }

  void cancel() {
    vertx.cancelTimer(timer);
  }

  private static RpcException exceeded(String timeout) {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            "the call did not complete within the grpc-timeout of " + timeout));
  }

  /**
   * Returns the timeout in nanoseconds; {@link Long#MAX_VALUE} above the range of a long.
   *
   * @throws RpcException when the header is malformed
   */
  static long nanos(String header) {
    int digits = header.length() - 1;
    if (digits < 1 || digits > MAX_DIGITS) {
      throw malformed();
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      char c = header.charAt(i);
      if (c < '0' || c > '9') {
        throw malformed();
      }
      value = value * 10 + (c - '0');
    }
    return unit(header.charAt(digits)).toNanos(value);
  }

  private static TimeUnit unit(char letter) {
    return switch (letter) {
      case 'H' -> TimeUnit.HOURS;
      case 'M' -> TimeUnit.MINUTES;
      case 'S' -> TimeUnit.SECONDS;
      case 'm' -> TimeUnit.MILLISECONDS;
      case 'u' -> TimeUnit.MICROSECONDS;
      case 'n' -> TimeUnit.NANOSECONDS;
      default -> throw malformed();
    };
  }

  private static RpcException malformed() {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.INTERNAL,
            "MALFORMED_TIMEOUT",
            "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n"));
  }
}
