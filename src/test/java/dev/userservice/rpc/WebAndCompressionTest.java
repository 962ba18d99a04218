package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.rpc.RawClient.Answer;
import dev.userservice.rpc.RawClient.RawCall;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** gRPC-Web with the JDK's HTTP client over HTTP/1.1 and HTTP/2, and compressed responses. */
@Timeout(Waits.TEST_SECONDS)
class WebAndCompressionTest {

  private static final Map<String, String> ACCEPTS_GZIP =
      Map.of("content-type", "application/grpc", "grpc-accept-encoding", "identity, gzip");

  private RunningServer server;

  @BeforeEach
  void start() {
    server = RunningServer.start(1, new JsonObject().put("compression", "gzip"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void web_answer() throws Exception {
    for (Version version : Version.values()) {
      HttpResponse<byte[]> answer = web(version, "GetUser", frame(Requests.get(1)));

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("content-type")).contains("application/grpc-web");
      ByteBuffer body = ByteBuffer.wrap(answer.body());
      assertThat(body.get()).isZero();
      byte[] message = new byte[body.getInt()];
      body.get(message);
      assertThat(UserResponse.parseFrom(message).getName()).isEqualTo("Alice Johnson");
      assertThat(body.get()).as("the frame of the trailers").isEqualTo((byte) 0x80);
      assertThat(text(answer)).contains("grpc-status:0");
    }
  }

  @Test
  void web_refusals() throws Exception {
    for (Version version : Version.values()) {
      for (var probe :
          List.of(
              Map.entry(frame(Requests.get(42)), 5),
              Map.entry(new byte[0], 13),
              Map.entry(frame(0x40, new byte[0]), 13),
              Map.entry(new byte[] {0, 0, 0}, 13),
              Map.entry(frame(0, 5_000_000, new byte[10]), 8))) {
        HttpResponse<byte[]> answer = web(version, "GetUser", probe.getKey());

        String status =
            answer
                .headers()
                .firstValue("grpc-status")
                .map(s -> "grpc-status:" + s)
                .orElse(text(answer));
        assertThat(status).as("%s", version).contains("grpc-status:" + probe.getValue());
      }
    }
  }

  private HttpResponse<byte[]> web(Version version, String method, byte[] body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/users.v1.UserService/" + method))
            .timeout(Duration.ofSeconds(Waits.SECONDS))
            .header("content-type", "application/grpc-web+proto")
            .header("x-grpc-web", "1")
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    HttpClient client = HttpClient.newBuilder().version(version).build();
    return client.send(request, BodyHandlers.ofByteArray());
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void compression_ofLargeMessages_forCallersThatAcceptIt() throws Exception {
    String text = "x".repeat(4_000);
    try (RawClient client = new RawClient(server.port())) {
      Answer answer = chat(client, ACCEPTS_GZIP, text);
      assertThat(answer.headers().get("grpc-encoding")).hasToString("gzip");
      assertThat(answer.body()[0]).as("flag").isEqualTo((byte) 1);
      assertThat(answer.body().length).isLessThan(200);
      byte[] inflated =
          new GZIPInputStream(
                  new ByteArrayInputStream(
                      Arrays.copyOfRange(answer.body(), 5, answer.body().length)))
              .readAllBytes();
      assertThat(UserMessage.parseFrom(inflated).getMessage())
          .isEqualTo("Server received: " + text);

      Answer small = chat(client, ACCEPTS_GZIP, "small");
      assertThat(small.body()[0]).as("flag").isZero();
      assertThat(small.header("grpc-encoding")).isNull();
      Answer plain = chat(client, Map.of("content-type", "application/grpc"), text);
      assertThat(plain.body()[0]).as("flag").isZero();
    }
  }

  /** The headers are sent with the first message, and name the encoding of all. */
  @Test
  void compression_ofAStreamIsDecidedByItsFirstMessage() throws Exception {
    String large = "x".repeat(4_000);
    try (RawClient client = new RawClient(server.port())) {
      Answer compressed = chat(client, ACCEPTS_GZIP, large, "small", large);
      assertThat(compressed.headers().get("grpc-encoding")).hasToString("gzip");
      assertThat(flags(compressed)).containsExactly(1, 0, 1);

      Answer plain = chat(client, ACCEPTS_GZIP, "small", large, "small");
      assertThat(plain.header("grpc-encoding")).isNull();
      assertThat(flags(plain)).containsExactly(0, 0, 0);
    }
  }

  /** Clients of gRPC C++ 1.51 crash on an encoding that is named in an answer to Watch. */
  @Test
  void compression_isNotNamedWithoutACompressedMessage() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      for (var probe :
          Map.of(
                  "users.v1.UserService/GetUser", frame(Requests.get(1)),
                  "users.v1.UserService/ListUsers", frame(Requests.list(0, 0)),
                  "users.v1.UserService/CreateUser", frame(Requests.create("", "", -1)),
                  "users.v1.UserService/StreamUsers", new byte[0],
                  "users.v1.UserService/Nothing", new byte[0],
                  "grpc.health.v1.Health/Check", frame(0, new byte[0]))
              .entrySet()) {
        Answer answer =
            client.post("/" + probe.getKey(), ACCEPTS_GZIP).data(probe.getValue(), true).answer();
        assertThat(answer.header("grpc-encoding")).as(probe.getKey()).isNull();
      }
      Map<String, String> ends = new HashMap<>(ACCEPTS_GZIP);
      ends.put("grpc-timeout", "1S");
      Answer watch =
          client
              .post("/grpc.health.v1.Health/Watch", ends)
              .data(frame(0, new byte[0]), true)
              .answer();
      assertThat(watch.header("grpc-encoding")).isNull();
      assertThat(watch.body()).isNotEmpty();
    }
  }

  private static List<Integer> flags(Answer answer) {
    return Frames.read(answer.body()).stream().map(Frames.Received::flags).toList();
  }

  private static Answer chat(RawClient client, Map<String, String> headers, String... texts)
      throws Exception {
    RawCall call = client.post("/users.v1.UserService/StreamUsers", headers);
    for (String text : texts) {
      call.data(frame(Requests.says(1, text)), false);
    }
    return call.data(new byte[0], true).answer();
  }
}
