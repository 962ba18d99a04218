package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawHttp.Answer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Responses to clients, browsers and proxies that speak HTTP/1.1, or HTTP/2 without gRPC. */
@Timeout(Waits.TEST_SECONDS)
class HttpDoorTest {

  private static final String GET_USER = "/users.v1.UserService/GetUser";
  private static final String WATCH = "/grpc.health.v1.Health/Watch";
  private static final String WEB = "content-type: application/grpc-web+proto\r\n";
  private static final String HOST = "host: localhost\r\n";
  private static final byte[] ALICE = Frames.frame(Requests.get(1));
  private static final String HELP = "This server speaks gRPC";

  @TempDir private Path folder;
  private RunningServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private void start(JsonObject config) {
    server = RunningServer.start(1, config);
  }

  private void start() {
    start(new JsonObject());
  }

  private static String head(String line, String... headers) {
    return line + "\r\n" + String.join("", headers) + "\r\n";
  }

  private static byte[] call(String path, String version, String headers, byte[] body) {
    String length = "content-length: " + body.length + "\r\n";
    String head = head("POST " + path + " " + version, headers, WEB, length);
    return Frames.join(head.getBytes(StandardCharsets.ISO_8859_1), body);
  }

  private static byte[] call(String path, MessageLite message) {
    return call(path, "HTTP/1.1", HOST, Frames.frame(message));
  }

  private Answer ask(byte[] request) throws Exception {
    try (RawHttp client = new RawHttp(server.port())) {
      return client.send(request).answer();
    }
  }

  private Answer ask(String request) throws Exception {
    return ask(request.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void assertAlice(Answer answer) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).contains("Alice Johnson", "grpc-status:0");
  }

  @Test
  void http10_responseEndsWithTheConnection() throws Exception {
    start();
    for (String headers : List.of("", HOST, HOST + "connection: keep-alive\r\n")) {
      Answer answer = ask(call(GET_USER, "HTTP/1.0", headers, ALICE));

      assertAlice(answer);
      assertThat(answer.header("transfer-encoding")).isEmpty();
      assertThat(answer.header("connection")).isEqualTo("close");
    }
    try (RawHttp client = new RawHttp(server.port())) {
      client.send(head("GET /users HTTP/1.0", "connection: keep-alive\r\n"));
      assertThat(client.answer().body()).contains(HELP);
      assertThat(client.rest()).as("the end of the connection").isEmpty();
    }
  }

  @Test
  void host_isRequiredExactlyOnce() throws Exception {
    start();
    for (String headers : List.of("", HOST + HOST, HOST + "host: other\r\n", "host:\r\n")) {
      Answer answer = ask(call(GET_USER, "HTTP/1.1", headers, ALICE));

      assertThat(answer.status()).as(headers).isEqualTo(400);
      assertThat(answer.body()).contains("exactly one Host", HELP);
    }
    assertThat(ask(call(GET_USER, "HTTP/1.0", HOST + HOST, ALICE)).status()).isEqualTo(400);
    assertAlice(ask(call(GET_USER, "HTTP/1.1", HOST, ALICE)));
  }

  @Test
  void host_ofAnotherName_isNotServedWithoutTokens() throws Exception {
    start(new JsonObject().put("allowedHosts", new JsonArray().add("Users.example.com")));
    for (String host :
        List.of(
            "localhost",
            "LocalHost:50051",
            "users.localhost",
            "127.0.0.1:1",
            "127.8.9.10",
            "[::1]:50051",
            "10.0.0.1",
            "users.example.com:50051",
            "users.example.com.")) {
      assertAlice(ask(call(GET_USER, "HTTP/1.1", "host: " + host + "\r\n", ALICE)));
    }
    for (String host :
        List.of(
            "evil.test",
            "evil.test:50051",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "xusers.example.com",
            "evillocalhost",
            "[evil]",
            "[",
            ":1",
            "localhost@evil.test")) {
      Answer answer = ask(call(GET_USER, "HTTP/1.1", "host: " + host + "\r\n", ALICE));

      assertThat(answer.status()).as(host).isEqualTo(421);
      assertThat(answer.body()).contains("\"allowedHosts\"", HELP).doesNotContain("Alice");
    }
    assertThat(ask(call(GET_USER, "HTTP/1.0", "host: evil.test\r\n", ALICE)).status())
        .isEqualTo(421);
  }

  /** No browser speaks HTTP/2 in plaintext, and gRPC clients call servers by all kinds of names. */
  @Test
  void authority_ofAnyName_isServedOverHttp2() throws Exception {
    start();
    try (RawClient client = new RawClient(server.port())) {
      assertThat(
              client
                  .post(GET_USER, Map.of("content-type", "application/grpc"))
                  .data(ALICE, true)
                  .answer()
                  .grpcStatus())
          .isZero();
    }
  }

  @Test
  void host_ofAnyName_isServedWithTokens() throws Exception {
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("all"));
    start(new JsonObject().put("auth", Issuer.make().auth(folder, rights)));

    Answer answer = ask(call(GET_USER, "HTTP/1.1", "host: users.example.com\r\n", ALICE));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("grpc-status")).as("UNAUTHENTICATED").isEqualTo("16");
  }

  @Test
  void grpcOverHttp11_needsHttp2() throws Exception {
    start();
    for (String type : List.of("application/grpc", "Application/GRPC+Proto;x=y")) {
      String contentType = "content-type: " + type + "\r\n";
      Answer answer =
          ask(head("POST " + GET_USER + " HTTP/1.1", HOST, contentType, "content-length: 0\r\n"));

      assertThat(answer.status()).isEqualTo(426);
      assertThat(answer.headers()).containsEntry("upgrade", "h2c");
      assertThat(answer.header("connection")).isEqualTo("upgrade");
      assertThat(answer.body()).contains("needs HTTP/2", HELP);
    }
  }

  @Test
  void browser_getsAnExplanation() throws Exception {
    start();
    for (Version version : Version.values()) {
      HttpResponse<String> answer =
          HttpClient.newBuilder()
              .version(version)
              .build()
              .send(HttpRequest.newBuilder(uri("/users")).build(), BodyHandlers.ofString());

      assertThat(answer.version()).isEqualTo(version);
      assertThat(answer.statusCode()).isEqualTo(405);
      assertThat(answer.body()).contains("a gRPC call is a POST", HELP);
      assertThat(answer.headers().firstValue("content-type")).hasValue("text/plain; charset=utf-8");
      assertThat(answer.headers().firstValue("allow")).hasValue("POST");
    }
    try (RawHttp client = new RawHttp(server.port())) {
      assertThat(client.send(head("HEAD /users HTTP/1.1", HOST)).head().status()).isEqualTo(405);
      assertThat(client.send(head("GET /users HTTP/1.1", HOST)).answer().statusLine())
          .as("nothing is between the responses")
          .startsWith("HTTP/1.1 405 ");
    }
  }

  @Test
  void otherRefusals_areExplained() throws Exception {
    start();
    Map<String, Integer> requests =
        Map.of(
            head("POST /users HTTP/1.1", HOST, "content-type: text/html\r\n"), 415,
            head("GET / HTTP/1.1", HOST, "x: " + "y".repeat(9_000) + "\r\n"), 431,
            head("GET /" + "y".repeat(9_000) + " HTTP/1.1", HOST), 414,
            head("GET / HTTP/1.1", "no colon\r\n"), 400,
            head("GET / HTTP/1.2", HOST), 505,
            head("GET / HTTP/3.0", HOST), 505,
            head("A\0B", HOST), 400);
    for (var request : requests.entrySet()) {
      Answer answer = ask(request.getKey());

      assertThat(answer.status()).as(request.getKey()).isEqualTo(request.getValue());
      assertThat(answer.header("content-type")).isEqualTo("text/plain; charset=utf-8");
      assertThat(answer.body()).contains(HELP);
    }
  }

  @Test
  void contentType_inAnyCase() throws Exception {
    start();
    String head =
        head(
            "POST " + GET_USER + " HTTP/1.1",
            HOST,
            "content-type: Application/GRPC-Web+Proto; Charset=UTF-8\r\n",
            "content-length: " + ALICE.length + "\r\n");

    assertAlice(ask(Frames.join(head.getBytes(StandardCharsets.ISO_8859_1), ALICE)));
  }

  @Test
  void expectation_isMetBeforeTheBody() throws Exception {
    start();
    String upgrade =
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
            + "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    for (String headers : List.of("", "connection: keep-alive\r\n", upgrade)) {
      for (String expect : List.of("100-continue", "100-Continue")) {
        try (RawHttp client = new RawHttp(server.port())) {
          byte[] call =
              call(GET_USER, "HTTP/1.1", HOST + headers + "expect: " + expect + "\r\n", ALICE);
          client.send(Frames.cut(call, call.length - ALICE.length));
          assertThat(client.head().statusLine()).isEqualTo("HTTP/1.1 100 Continue");
          assertAlice(client.send(ALICE).answer());
          assertAlice(client.send(call(GET_USER, Requests.get(1))).answer());
        }
      }
    }
    try (RawHttp client = new RawHttp(server.port())) {
      client.send(head("POST / HTTP/1.1", HOST, WEB, upgrade, "expect: 100-continue\r\n"));
      assertThat(client.head().status()).as("before any 101").isEqualTo(100);
    }
  }

  @Test
  void expectation_thatIsNotSupported() throws Exception {
    start();
    Answer answer = ask(call(GET_USER, "HTTP/1.1", HOST + "expect: 200-ok\r\n", ALICE));
    assertThat(answer.status()).isEqualTo(417);
    assertThat(answer.body()).contains("100-continue", HELP);
    assertAlice(ask(call(GET_USER, "HTTP/1.0", "expect: 100-continue\r\n", ALICE)));
    assertAlice(ask(call(GET_USER, "HTTP/1.0", "expect: 200-ok\r\n", ALICE)));
    try (RawClient client = new RawClient(server.port())) {
      Map<String, String> headers = Map.of("content-type", "application/grpc", "expect", "200-ok");
      assertThat(client.post(GET_USER, headers).data(ALICE, true).answer().httpStatus())
          .isEqualTo("417");
    }
  }

  /** Its body may follow or not, so the connection cannot be used again. */
  @Test
  void expectation_ofARefusedRequest_endsTheConnection() throws Exception {
    start();
    try (RawHttp client = new RawHttp(server.port())) {
      client.send(
          head("POST /users HTTP/1.1", HOST, "expect: 100-continue\r\n", "content-length: 5\r\n"));

      Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(415);
      assertThat(answer.header("connection")).isEqualTo("close");
      assertThat(client.rest()).as("the end of the connection").isEmpty();
    }
  }

  @Test
  void expectation_ofTheJdksClient() throws Exception {
    start();
    for (Version version : Version.values()) {
      HttpClient client = HttpClient.newBuilder().version(version).build();
      // The second time, a client that prefers HTTP/2 has a connection that speaks it.
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> answer =
            client.send(
                HttpRequest.newBuilder(uri(GET_USER))
                    .timeout(Duration.ofSeconds(Waits.SECONDS))
                    .header("content-type", "application/grpc-web+proto")
                    .expectContinue(true)
                    .POST(BodyPublishers.ofByteArray(ALICE))
                    .build(),
                BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("Alice Johnson", "grpc-status:0");
        client.send(HttpRequest.newBuilder(uri("/")).build(), BodyHandlers.discarding());
      }
    }
  }

  @Test
  void openCall_isNotIdle_andEndsWithItsTrailers() throws Exception {
    start(
        new JsonObject()
            .put("limits", new JsonObject().put("idleMillis", 300))
            .put(
                "keepalive",
                new JsonObject().put("intervalMillis", 100).put("timeoutMillis", 100)));
    try (RawHttp watcher = new RawHttp(server.port())) {
      watcher.send(call(WATCH, Requests.says(0, ""))).head();
      assertThat(watcher.chunk()).as("SERVING").endsWith("\1");
      for (int i = 0; i < 3; i++) {
        try (RawHttp idle = new RawHttp(server.port())) {
          assertAlice(idle.send(call(GET_USER, Requests.get(1))).answer());
          assertThat(idle.rest()).as("the end of an idle connection").isEmpty();
        }
      }
      Future<Void> stopped = server.vertx().close();
      assertThat(watcher.chunks()).contains("grpc-status:14");
      stopped.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    }
  }

  /** HTTP/1.1 lacks PING, so the kernel probes; its timer is in the table of sockets. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void peerOfAnOpenCall_isProbed() throws Exception {
    start(new JsonObject().put("keepalive", new JsonObject().put("intervalMillis", 20_000)));
    try (RawHttp watcher = new RawHttp(server.port())) {
      watcher.send(call(WATCH, Requests.says(0, ""))).head();
      watcher.chunk();

      String ends = "%04X [0-9A-F]+:%04X".formatted(server.port(), watcher.localPort());
      try (Stream<String> v4 = Files.lines(Path.of("/proc/net/tcp"));
          Stream<String> v6 = Files.lines(Path.of("/proc/net/tcp6"))) {
        String socket =
            Stream.concat(v4, v6)
                .filter(line -> line.matches(".*:" + ends + " .*"))
                .findFirst()
                .orElseThrow();
        // Columns as in proc(5): "tr" is 2 for this timer, and "tm->when" is in hundredths.
        String[] timer = socket.strip().split(" +")[5].split(":");
        assertThat(timer[0]).as(socket).isEqualTo("02");
        assertThat(Integer.parseInt(timer[1].toLowerCase(Locale.ROOT), 16))
            .as(socket)
            .isBetween(1, 2_000);
      }
    }
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }
}
