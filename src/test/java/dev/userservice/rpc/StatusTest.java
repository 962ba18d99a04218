package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawClient.Answer;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The size and the text of a status on the wire. */
@Timeout(Waits.TEST_SECONDS)
class StatusTest {

  private static final String CHECK = "/grpc.health.v1.Health/Check";

  /** The size of a header list, as in RFC 9113, section 6.5.2. */
  private static final int BYTES_PER_FIELD = 32;

  private RunningServer server;

  @BeforeEach
  void start() {
    server = RunningServer.start(1, new JsonObject());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void message_isReadableOnTheWire() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      assertThat(check(client, "a/b:c, d;e~*+&\u00e9 100 %\n\u4e2d").header("grpc-message"))
          .hasToString("unknown service a/b:c, d;e~*+&%C3%A9 100 %25%0A%E4%B8%AD");
    }
  }

  @Test
  void message_isCutByItsSizeOnTheWire() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      for (String letter : List.of("x", "%", "\u00e9", "\u4e2d", "\ud83d\ude00")) {
        // Each of these offsets cuts at another place of a letter.
        for (int offset = 0; offset < 12; offset++) {
          String name = "o".repeat(offset) + letter.repeat(1_010);
          Answer answer = check(client, name);

          String message = answer.message();
          assertThat(answer.grpcStatus()).isEqualTo(5);
          assertThat(answer.header("grpc-message").length()).isBetween(1_013, 1_024);
          assertThat(message).endsWith("...");
          assertThat("unknown service " + name)
              .startsWith(message.substring(0, message.length() - 3));
          assertThat(details(answer.header("grpc-status-details-bin")).getMessage())
              .isEqualTo(message);
          assertThat(bytes(answer.headers())).isLessThan(4_096);
        }
      }
    }
  }

  @Test
  void message_overWeb() throws Exception {
    for (Version version : Version.values()) {
      String name = "\u4e2d".repeat(1_300);
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + CHECK))
              .timeout(Duration.ofSeconds(Waits.SECONDS))
              .header("content-type", "application/grpc-web+proto")
              .POST(BodyPublishers.ofByteArray(frame(request(name))))
              .build();
      var answer =
          HttpClient.newBuilder().version(version).build().send(request, BodyHandlers.discarding());

      assertThat(answer.headers().firstValue("grpc-status")).contains("5");
      assertThat(answer.headers().firstValue("grpc-message").orElseThrow())
          .startsWith("unknown service %E4%B8%AD")
          .endsWith("%AD...")
          .hasSizeBetween(1_013, 1_024);
    }
  }

  /** The header must neither begin nor end with white space: RFC 9113, section 8.2.1. */
  @Test
  void message_withSpacesAroundIt() {
    assertThat(message("  a b  ")).isEqualTo("%20 a b %20");
    assertThat(message(" ")).isEqualTo("%20");
    assertThat(message("")).isEmpty();
    assertThat(message(" " + "x".repeat(1_017) + " ")).hasSize(1_023).doesNotEndWith("...");
    assertThat(message(" a b ".repeat(500)))
        .startsWith("%20a b  a b")
        .endsWith("...")
        .hasSizeBetween(1_013, 1_024);
  }

  private static String message(String text) {
    return trailers(new RpcStatus(GrpcStatus.ABORTED, "R", text)).get("grpc-message");
  }

  @Test
  void details_thatAreTooLargeAreLeftOut() throws Exception {
    BadRequest.Builder large = BadRequest.newBuilder();
    for (int i = 0; i < 200; i++) {
      large.addFieldViolationsBuilder().setField("items[" + i + "].name").setDescription("is bad");
    }
    RetryInfo retry = retryAfter(0, 250_000_000);
    RpcStatus status =
        new RpcStatus(GrpcStatus.ABORTED, "R", "m", List.<Message>of(large.build(), retry));

    MultiMap trailers = trailers(status);

    assertThat(trailers.get("grpc-status-details-bin").length()).isLessThanOrEqualTo(4_096);
    Status details = details(trailers.get("grpc-status-details-bin"));
    assertThat(details.getDetailsCount()).as("ErrorInfo and RetryInfo").isEqualTo(2);
    assertThat(details.getDetails(1).unpack(RetryInfo.class)).isEqualTo(retry);
  }

  @Test
  void retryInfo_isAPushbackToo() {
    assertThat(pushback(retryAfter(1, 500_000_000))).isEqualTo("1500");
    assertThat(pushback(retryAfter(0, 100_000_000))).isEqualTo("100");
    assertThat(trailers(new RpcStatus(GrpcStatus.ABORTED, "R", "m")).names())
        .doesNotContain("grpc-retry-pushback-ms");
  }

  private static RetryInfo retryAfter(long seconds, int nanos) {
    RetryInfo.Builder retry = RetryInfo.newBuilder();
    retry.getRetryDelayBuilder().setSeconds(seconds).setNanos(nanos);
    return retry.build();
  }

  private static String pushback(RetryInfo retry) {
    return trailers(new RpcStatus(GrpcStatus.ABORTED, "R", "m", List.of(retry)))
        .get("grpc-retry-pushback-ms");
  }

  private static MultiMap trailers(RpcStatus status) {
    MultiMap trailers = MultiMap.caseInsensitiveMultiMap();
    status.writeTo(trailers, "test");
    return trailers;
  }

  private static Answer check(RawClient client, String service) throws Exception {
    return client
        .post(CHECK, Map.of("content-type", "application/grpc"))
        .data(frame(request(service)), true)
        .answer();
  }

  private static HealthCheckRequest request(String service) {
    return HealthCheckRequest.newBuilder().setService(service).build();
  }

  private static Status details(CharSequence trailer) throws Exception {
    return Status.parseFrom(Base64.getDecoder().decode(trailer.toString()));
  }

  private static int bytes(Http2Headers headers) {
    int bytes = 0;
    for (var field : headers) {
      bytes += field.getKey().length() + field.getValue().length() + BYTES_PER_FIELD;
    }
    return bytes;
  }
}
