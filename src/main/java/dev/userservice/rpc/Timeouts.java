package dev.userservice.rpc;

import io.vertx.grpc.common.GrpcStatus;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The header {@code grpc-timeout}: the gRPC HTTP/2 specification, "Timeout". */
final class Timeouts {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,8})([HMSmun])");

  private Timeouts() {}

  /**
   * @return nanoseconds, {@link Long#MAX_VALUE} for longer than they can say
   * @throws RpcException when it is malformed
   */
  static long parse(String header) {
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
