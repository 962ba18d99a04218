package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.kit.Waits;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadlineTest {

  /** Timeouts as in the gRPC HTTP/2 specification. */
  private static final Pattern SPECIFICATION = Pattern.compile("[0-9]{1,8}[HMSmun]");

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void stop() {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void nanos_everyUnit() {
    assertThat(Deadline.nanos("2H")).isEqualTo(TimeUnit.HOURS.toNanos(2));
    assertThat(Deadline.nanos("03M")).isEqualTo(TimeUnit.MINUTES.toNanos(3));
    assertThat(Deadline.nanos("4S")).isEqualTo(TimeUnit.SECONDS.toNanos(4));
    assertThat(Deadline.nanos("5m")).isEqualTo(TimeUnit.MILLISECONDS.toNanos(5));
    assertThat(Deadline.nanos("6u")).isEqualTo(TimeUnit.MICROSECONDS.toNanos(6));
    assertThat(Deadline.nanos("12345678n")).isEqualTo(12_345_678);
    assertThat(Deadline.nanos("99999999H")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void nanos_malformed() {
    for (String bad :
        List.of("", "S", "1", "123456789S", "1s", "-1S", "+1S", "1.5S", " 1S", "1S ", "1SS")) {
      assertMalformed(bad);
    }
    assertMalformed("\u0661S");
    assertMalformed("1S".repeat(100_000));
  }

  private static void assertMalformed(String header) {
    RpcException refused = catchThrowableOfType(RpcException.class, () -> Deadline.nanos(header));
    assertThat(refused).as(header).isNotNull();
    assertThat(refused.status().code()).isEqualTo(GrpcStatus.INTERNAL);
    assertThat(refused.status().reason()).isEqualTo("MALFORMED_TIMEOUT");
  }

  @Test
  void nanos_sameAsTheSpecification() {
    Random random = new Random(7);
    String chars = "0123456789HMSmunh- \u0661";
    int valid = 0;
    for (int i = 0; i < 100_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(11); j > 0; j--) {
        text.append(chars.charAt(random.nextInt(10)));
      }
      text.append(chars.charAt(random.nextInt(chars.length())));
      boolean expected = SPECIFICATION.matcher(text).matches();
      assertThat(isAccepted(text.toString())).as(text.toString()).isEqualTo(expected);
      valid += expected ? 1 : 0;
    }
    assertThat(valid).isGreaterThan(1_000);
  }

  private static boolean isAccepted(String header) {
    try {
      return Deadline.nanos(header) >= 0;
    } catch (RpcException refused) {
      return false;
    }
  }

  @Test
  void of_absentExceededAndVeryLongTimeouts() {
    List<RpcException> late = new ArrayList<>();

    assertThat(Deadline.of(Protocol.GRPC, null, late::add)).isNull();
    assertThat(Deadline.of(Protocol.GRPC, "99999999H", late::add)).isNull();
    assertThat(late).isEmpty();
    assertThat(Deadline.of(Protocol.GRPC, "999u", late::add)).isNull();
    assertThat(late).hasSize(1);
    assertThat(late.get(0).status().code()).isEqualTo(GrpcStatus.DEADLINE_EXCEEDED);
    assertThat(late.get(0).status().message()).contains("grpc-timeout", "999u");
    assertThat(Deadline.of(Protocol.CONNECT, "0", late::add)).isNull();
    assertThat(late.get(1).status().message()).contains("connect-timeout-ms");
    Deadline hour = Deadline.of(Protocol.GRPC, "1H", late::add);
    assertThat(hour).isNotNull();
    hour.cancel();
    assertThat(late).hasSize(2);
  }

  @Test
  void of_malformedMillisOfConnect() {
    for (String header : List.of("", "-1", "1.5", "1S", "12345678901")) {
      RpcException refused =
          catchThrowableOfType(
              RpcException.class, () -> Deadline.of(Protocol.CONNECT, header, late -> {}));
      assertThat(refused.status().code()).as(header).isEqualTo(GrpcStatus.INVALID_ARGUMENT);
      assertThat(refused.status().message()).contains("connect-timeout-ms must be");
    }
  }

  /** A timer that is set late, at the end of a long turn, still counts from the start. */
  @Test
  void setTimer_afterTheDeadline_endsTheCallAtOnce() throws Exception {
    CompletableFuture<RpcException> late = new CompletableFuture<>();
    Deadline deadline = Deadline.of(Protocol.GRPC, "1m", late::complete);
    Waits.pause();
    deadline.setTimer(vertx);
    assertThat(late.get(Waits.SECONDS, TimeUnit.SECONDS).status().message()).contains("1m");

    CompletableFuture<RpcException> never = new CompletableFuture<>();
    Deadline cancelled = Deadline.of(Protocol.GRPC, "1m", never::complete);
    cancelled.cancel();
    cancelled.setTimer(vertx);
    CompletableFuture<RpcException> after = new CompletableFuture<>();
    Deadline.of(Protocol.GRPC, "2m", after::complete).setTimer(vertx);
    after.get(Waits.SECONDS, TimeUnit.SECONDS);
    assertThat(never).isNotDone();
  }
}
