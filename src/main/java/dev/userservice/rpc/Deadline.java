package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The end of the time that a caller gives its call in the header {@code grpc-timeout} (the gRPC
 * HTTP/2 specification, "Timeout"), from the moment in which its headers came.
 */
final class Deadline {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,8})([HMSmun])");

  /** A year; a deadline beyond is none. */
  private static final long MOST_MILLIS = 365L * 24 * 3_600_000;

  private final Vertx vertx;
  private final long timer;

  private Deadline(Vertx vertx, long timer) {
    this.vertx = vertx;
    this.timer = timer;
  }

  /**
   * @param timeout the header; null when there is none
   * @param late called when the time is over; at once for a time that is shorter than timers are
   *     fine, in which nothing of use could be done
   * @return null when there is nothing to wait for
   * @throws RpcException when the header is malformed
   */
  static Deadline of(Vertx vertx, String timeout, Handler<RpcException> late) {
    if (timeout == null) {
      return null;
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos(timeout));
    if (millis < 1) {
      late.handle(over(timeout));
      return null;
    }
    return millis < MOST_MILLIS
        ? new Deadline(vertx, vertx.setTimer(millis, now -> late.handle(over(timeout))))
        : null;
  }

  void cancel() {
    vertx.cancelTimer(timer);
  }

  private static RpcException over(String timeout) {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            "the call was not over within the grpc-timeout of " + timeout));
  }

  /** {@link Long#MAX_VALUE} for more than they can say. */
  private static long nanos(String header) {
    Matcher form = FORM.matcher(header);
    if (!form.matches()) {
      throw new RpcException(
          new RpcStatus(
              GrpcStatus.INTERNAL,
              "MALFORMED_TIMEOUT",
              "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n"));
    }
    return unit(form.group(2)).toNanos(Long.parseLong(form.group(1)));
  }

  private static TimeUnit unit(String letter) {
    return switch (letter) {
      case "H" -> TimeUnit.HOURS;
      case "M" -> TimeUnit.MINUTES;
      case "S" -> TimeUnit.SECONDS;
      case "m" -> TimeUnit.MILLISECONDS;
      case "u" -> TimeUnit.MICROSECONDS;
      default -> TimeUnit.NANOSECONDS;
    };
  }
}
