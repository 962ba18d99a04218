package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static dev.userservice.rpc.Frames.gzip;
import static dev.userservice.rpc.Frames.join;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.operations.AccessLog;
import dev.userservice.proto.UserResponse;
import dev.userservice.rpc.Frames.Received;
import dev.userservice.rpc.RawClient.Answer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls by the Connect protocol, with the JDK's HTTP client over HTTP/1.1 and HTTP/2. */
@Timeout(Waits.TEST_SECONDS)
class ConnectTest {

  private static final String JSON = "application/json";
  private static final String PROTO = "application/proto";
  private static final String STREAM_JSON = "application/connect+json";
  private static final String STREAM_PROTO = "application/connect+proto";

  private static final Map<Version, HttpClient> CLIENTS = new EnumMap<>(Version.class);

  private static RunningServer server;

  @BeforeAll
  static void start() throws Exception {
    JsonObject config =
        new JsonObject()
            .put("compression", "gzip")
            .put("accessLog", true)
            .put("management", new JsonObject().put("port", 0));
    server = RunningServer.start(2, config);
    for (Version version : Version.values()) {
      HttpClient client = HttpClient.newBuilder().version(version).build();
      CLIENTS.put(version, client);
      // Only a request without a body changes the protocol of a connection.
      HttpRequest first =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port())).build();
      client.send(first, BodyHandlers.discarding());
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void unary_inJson(Version version) throws Exception {
    HttpResponse<byte[]> answer = call(version, "GetUser", JSON, "{\"user_id\": 1}");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(type(answer)).isEqualTo(JSON);
    JsonObject user = json(answer);
    assertThat(user.getString("name")).isEqualTo("Alice Johnson");
    assertThat(user.getInteger("user_id")).isEqualTo(1);
    assertThat(json(call(version, "GetUser", JSON, "{\"userId\": 1}")))
        .as("camel-case names")
        .isEqualTo(user);
    assertThat(json(call(version, "GetUser", JSON + "; charset=utf-8", "{\"user_id\": 1}")))
        .isEqualTo(user);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void unary_inProtobuf(Version version) throws Exception {
    HttpResponse<byte[]> answer =
        call(version, "GetUser", PROTO, Requests.get(1).toByteArray(), Map.of());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(type(answer)).isEqualTo(PROTO);
    assertThat(UserResponse.parseFrom(answer.body()).getName()).isEqualTo("Alice Johnson");
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void unary_failure(Version version) throws Exception {
    for (String type : List.of(JSON, PROTO)) {
      byte[] body =
          type.equals(JSON) ? bytes("{\"user_id\": 4242}") : Requests.get(4242).toByteArray();
      HttpResponse<byte[]> answer = call(version, "GetUser", type, body, Map.of());

      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(type(answer)).as("errors are JSON").isEqualTo(JSON);
      assertThat(json(answer).getString("code")).isEqualTo("not_found");
      assertThat(json(answer).getString("message")).contains("4242");
      assertThat(detail(json(answer), ErrorInfo.getDefaultInstance()).getReason())
          .isEqualTo("USER_NOT_FOUND");
    }
  }

  @Test
  void unary_inJson_withAByteOrderMark() throws Exception {
    HttpResponse<byte[]> answer = call(Version.HTTP_2, "GetUser", JSON, "\uFEFF{\"user_id\": 1}");

    assertThat(answer.statusCode()).isEqualTo(200);
  }

  @Test
  void unary_failureNamesEachField() throws Exception {
    HttpResponse<byte[]> answer = call(Version.HTTP_2, "CreateUser", JSON, "{\"age\": -1}");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).getString("code")).isEqualTo("invalid_argument");
    assertThat(
            detail(json(answer), BadRequest.getDefaultInstance()).getFieldViolationsList().stream()
                .map(BadRequest.FieldViolation::getField))
        .containsExactlyInAnyOrder("name", "email", "age");
    JsonObject readable =
        json(answer).getJsonArray("details").stream()
            .map(JsonObject.class::cast)
            .filter(detail -> detail.getString("type").equals("google.rpc.BadRequest"))
            .findFirst()
            .orElseThrow()
            .getJsonObject("debug");
    assertThat(readable.getJsonArray("field_violations"))
        .hasSize(3)
        .contains(
            new JsonObject()
                .put("field", "name")
                .put("description", "must have 1 to 100 characters"));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void unary_byGet(Version version) throws Exception {
    String json = URLEncoder.encode("{\"user_id\": 1}", StandardCharsets.UTF_8);
    String proto = Base64.getUrlEncoder().encodeToString(Requests.get(1).toByteArray());
    String gzip = Base64.getUrlEncoder().encodeToString(gzip(bytes("{\"user_id\": 1}")));
    for (String query :
        List.of(
            "encoding=json&message=" + json,
            "connect=v1&encoding=json&message=" + json + "&unknown=1",
            "encoding=json&base64=1&compression=gzip&message=" + gzip)) {
      HttpResponse<byte[]> answer = get(version, "GetUser?" + query);
      assertThat(answer.statusCode()).as(query).isEqualTo(200);
      assertThat(answer.headers().firstValue("cache-control")).hasValue("no-store");
      assertThat(json(answer).getString("name")).isEqualTo("Alice Johnson");
    }
    HttpResponse<byte[]> binary = get(version, "GetUser?encoding=proto&base64=1&message=" + proto);
    assertThat(UserResponse.parseFrom(binary.body()).getName()).isEqualTo("Alice Johnson");
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void unary_byGet_malformed(Version version) throws Exception {
    for (var probe :
        Map.of(
                "GetUser?encoding=json", "message is missing",
                "GetUser?encoding=json&base64=1&message=!", "base64",
                "GetUser?encoding=json&message=x", "cannot be read",
                "GetUser?encoding=proto&message=x", "type of",
                "GetUser?encoding=json&message=%7B%7D", "user_id",
                "GetUser?encoding=json&message=%7B%7D&connect=v2", "v1",
                "GetUser?encoding=json&message=%7B%7D&compression=gzip", "gzip")
            .entrySet()) {
      HttpResponse<byte[]> answer = get(version, probe.getKey());
      assertThat(answer.statusCode()).as(probe.getKey()).isEqualTo(400);
      assertThat(json(answer).getString("message")).contains(probe.getValue());
    }
    HttpResponse<byte[]> unknown =
        get(version, "GetUser?encoding=json&message=%7B%7D&compression=br");
    assertThat(unknown.statusCode()).isEqualTo(501);
    for (String path : List.of("GetUser", "GetUser?encoding=xml&message=x")) {
      assertThat(get(version, path).statusCode()).as(path).isEqualTo(415);
    }
    for (String path : List.of("CreateUser", "ListUsers", "Nothing")) {
      HttpResponse<byte[]> answer = get(version, path + "?encoding=json&message=%7B%7D");
      assertThat(answer.statusCode()).as(path).isEqualTo(405);
    }
  }

  private static HttpResponse<byte[]> get(Version version, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/users.v1.UserService/" + path))
            .timeout(Duration.ofSeconds(Waits.SECONDS))
            .build();
    return CLIENTS.get(version).send(request, BodyHandlers.ofByteArray());
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void serverStream(Version version) throws Exception {
    HttpResponse<byte[]> answer =
        call(version, "ListUsers", STREAM_JSON, frame(0, bytes("{\"limit\": 2}")), Map.of());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(type(answer)).isEqualTo(STREAM_JSON);
    List<Received> envelopes = Frames.read(answer.body());
    assertThat(envelopes).extracting(Received::flags).containsExactly(0, 0, 2);
    assertThat(json(envelopes.get(1)).getString("name")).isEqualTo("Bob Smith");
    assertThat(json(envelopes.get(2))).isEqualTo(new JsonObject());

    HttpResponse<byte[]> proto =
        call(version, "ListUsers", STREAM_PROTO, frame(Requests.list(2, 0)), Map.of());
    assertThat(UserResponse.parseFrom(Frames.read(proto.body()).get(1).payload()).getName())
        .isEqualTo("Bob Smith");
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void serverStream_failure(Version version) throws Exception {
    HttpResponse<byte[]> answer =
        call(version, "ListUsers", STREAM_JSON, frame(0, bytes("{\"limit\": -1}")), Map.of());

    assertThat(answer.statusCode()).as("the last frame tells").isEqualTo(200);
    Received end = Frames.read(answer.body()).get(0);
    assertThat(end.flags()).isEqualTo(2);
    JsonObject error = json(end).getJsonObject("error");
    assertThat(error.getString("code")).isEqualTo("invalid_argument");
    assertThat(detail(error, BadRequest.getDefaultInstance()).getFieldViolations(0).getField())
        .isEqualTo("limit");
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void clientStream(Version version) throws Exception {
    byte[] bad = frame(0, bytes("{\"name\": \"Some One\", \"email\": \"no address\"}"));
    HttpResponse<byte[]> refused =
        call(version, "BatchCreateUsers", STREAM_JSON, join(bad, bad), Map.of());
    assertThat(json(Frames.read(refused.body()).get(0)).getJsonObject("error").getString("code"))
        .isEqualTo("invalid_argument");

    HttpResponse<byte[]> empty =
        call(version, "BatchCreateUsers", STREAM_JSON, new byte[0], Map.of());
    List<Received> envelopes = Frames.read(empty.body());
    assertThat(envelopes).extracting(Received::flags).containsExactly(0, 2);
    assertThat(json(envelopes.get(0)).getInteger("users_created"))
        .as("a field of value 0 is written")
        .isZero();
  }

  @Test
  void bidirectional_overHttp2() throws Exception {
    byte[] said = frame(0, bytes("{\"user_id\": 1, \"message\": \"hello\"}"));
    HttpResponse<byte[]> answer =
        call(Version.HTTP_2, "StreamUsers", STREAM_JSON, join(said, said), Map.of());

    List<Received> envelopes = Frames.read(answer.body());
    assertThat(envelopes).extracting(Received::flags).containsExactly(0, 0, 2);
    assertThat(json(envelopes.get(0)).getString("message")).isEqualTo("Server received: hello");
    assertThat(call(Version.HTTP_1_1, "StreamUsers", STREAM_JSON, said, Map.of()).statusCode())
        .isEqualTo(505);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void compression_inBothDirections(Version version) throws Exception {
    byte[] body = gzip(bytes("{\"user_id\": 1}"));
    HttpResponse<byte[]> small =
        call(
            version,
            "GetUser",
            JSON,
            body,
            Map.of("content-encoding", "gzip", "accept-encoding", "br, gzip;q=0.8"));
    assertThat(json(small).getString("name")).isEqualTo("Alice Johnson");
    assertThat(small.headers().firstValue("content-encoding")).as("too small").isEmpty();

    HttpResponse<byte[]> list =
        call(
            version,
            "ListUsers",
            STREAM_JSON,
            frame(1, gzip(bytes("{\"limit\": 1}"))),
            Map.of("connect-content-encoding", "gzip", "connect-accept-encoding", "gzip"));
    assertThat(json(Frames.read(list.body()).get(0)).getString("name")).isEqualTo("Alice Johnson");
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void compression_ofALargeAnswer(Version version) throws Exception {
    byte[][] users =
        IntStream.range(0, 300)
            .mapToObj(i -> "{\"name\":\"A\",\"email\":\"%s%d@example.com\"}".formatted(version, i))
            .map(user -> frame(0, bytes(user)))
            .toArray(byte[][]::new);
    HttpResponse<byte[]> answer =
        call(
            version,
            "BatchCreateUsers",
            STREAM_JSON,
            join(users),
            Map.of("connect-accept-encoding", "gzip"));

    assertThat(answer.headers().firstValue("connect-content-encoding")).hasValue("gzip");
    List<Received> envelopes = Frames.read(answer.body());
    assertThat(envelopes).extracting(Received::flags).containsExactly(1, 2);
    assertThat(new JsonObject(inflated(envelopes.get(0).payload())).getJsonArray("user_ids"))
        .hasSize(300);
  }

  @Test
  void compression_ofALargeMessage() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      String said = "{\"user_id\": 1, \"message\": \"" + "x".repeat(4_000) + "\"}";
      Map<String, String> headers =
          Map.of("content-type", STREAM_JSON, "connect-accept-encoding", "gzip");
      Answer answer =
          client
              .post("/users.v1.UserService/StreamUsers", headers)
              .data(frame(0, bytes(said)), true)
              .answer();
      assertThat(answer.headers().get("connect-content-encoding")).hasToString("gzip");
      Received envelope = Frames.read(answer.body()).get(0);
      assertThat(envelope.flags()).isEqualTo(1);
      assertThat(new JsonObject(inflated(envelope.payload())).getString("message"))
          .endsWith("x".repeat(4_000));
    }
  }

  @Test
  void deadline() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      Map<String, String> headers = Map.of("content-type", STREAM_JSON, "connect-timeout-ms", "50");
      Answer chat = client.post("/users.v1.UserService/StreamUsers", headers).answer();
      assertThat(json(Frames.read(chat.body()).get(0)).getJsonObject("error").getString("code"))
          .isEqualTo("deadline_exceeded");
      Answer get =
          client
              .post(
                  "/users.v1.UserService/GetUser",
                  Map.of("content-type", JSON, "connect-timeout-ms", "50"))
              .answer();
      assertThat(get.httpStatus()).isEqualTo("504");
      assertThat(new JsonObject(get.text()).getString("message"))
          .contains("connect-timeout-ms of 50");
    }
  }

  @Test
  void accessLogAndMetrics_nameTheProtocol() throws Exception {
    try (LogLines logged = LogLines.of(AccessLog.class.getName())) {
      call(Version.HTTP_1_1, "GetUser", JSON, "{\"user_id\": 1}");
      logged.await("users.v1.UserService/GetUser OK");
      assertThat(logged.messages()).anyMatch(line -> line.contains("1 out, over connect, from"));
    }
    HttpRequest metrics =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.managementPort() + "/metrics"))
            .build();
    assertThat(HttpClient.newHttpClient().send(metrics, BodyHandlers.ofString()).body().lines())
        .anyMatch(
            line ->
                line.startsWith("rpc_server_call_started_total{protocol=\"connect\"")
                    && line.contains("rpc_method=\"users.v1.UserService/GetUser\""));
  }

  /** The JSON codec belongs to the content-type, not to the protocol. */
  @Test
  void json_overGrpcAndGrpcWeb() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      Answer grpc =
          client
              .post(
                  "/users.v1.UserService/GetUser", Map.of("content-type", "application/grpc+json"))
              .data(frame(0, bytes("{\"user_id\": 1}")), true)
              .answer();
      assertThat(grpc.headers().get("content-type")).hasToString("application/grpc+json");
      assertThat(grpc.grpcStatus()).isZero();
      assertThat(json(Frames.read(grpc.body()).get(0)).getString("name"))
          .isEqualTo("Alice Johnson");
    }
    HttpResponse<byte[]> web =
        call(
            Version.HTTP_1_1,
            "GetUser",
            "application/grpc-web+json",
            frame(0, bytes("{\"user_id\": 1}")),
            Map.of());
    assertThat(type(web)).isEqualTo("application/grpc-web+json");
    assertThat(json(Frames.read(web.body()).get(0)).getString("name")).isEqualTo("Alice Johnson");
  }

  /** Each frame is encoded by itself, so padding occurs in the middle. */
  @ParameterizedTest
  @EnumSource(Version.class)
  void grpcWebText(Version version) throws Exception {
    String first = encoded(frame(Requests.says(1, "hello")));
    String second = encoded(frame(Requests.says(1, "hello again")));
    HttpResponse<byte[]> answer =
        call(version, "StreamUsers", "application/grpc-web-text", bytes(first + second), Map.of());

    assertThat(type(answer)).isEqualTo("application/grpc-web-text");
    Base64Body base64 = new Base64Body();
    byte[] body = base64.decode(Buffer.buffer(answer.body())).getBytes();
    assertThat(base64.isCut()).isFalse();
    List<Received> frames = Frames.read(body);
    assertThat(frames).extracting(Received::flags).containsExactly(0, 0, 0x80);
    assertThat(frames.get(1).text()).contains("hello again");
    assertThat(frames.get(2).text()).isEqualTo("grpc-status:0\r\n");
  }

  private static String encoded(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static JsonObject json(Received frame) {
    return new JsonObject(frame.text());
  }

  private static HttpResponse<byte[]> call(Version version, String method, String type, String body)
      throws Exception {
    return call(version, method, type, bytes(body), Map.of());
  }

  private static HttpResponse<byte[]> call(
      Version version, String method, String type, byte[] body, Map<String, String> headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/users.v1.UserService/" + method))
            .timeout(Duration.ofSeconds(Waits.SECONDS))
            .header("content-type", type)
            .header("connect-protocol-version", "1")
            .POST(BodyPublishers.ofByteArray(body));
    new HashMap<>(headers).forEach(request::header);
    HttpResponse<byte[]> answer =
        CLIENTS.get(version).send(request.build(), BodyHandlers.ofByteArray());
    assertThat(answer.version()).isEqualTo(version);
    return answer;
  }

  private static String type(HttpResponse<byte[]> answer) {
    return answer.headers().firstValue("content-type").orElse("");
  }

  private static JsonObject json(HttpResponse<byte[]> answer) {
    return new JsonObject(new String(answer.body(), StandardCharsets.UTF_8));
  }

  /** The detail of a type in the JSON of an error. */
  @SuppressWarnings("unchecked")
  private static <T extends Message> T detail(JsonObject error, T type) throws IOException {
    JsonArray details = error.getJsonArray("details");
    for (Object each : details) {
      JsonObject detail = (JsonObject) each;
      if (detail.getString("type").equals(type.getDescriptorForType().getFullName())) {
        byte[] value = Base64.getDecoder().decode(detail.getString("value"));
        return (T) type.getParserForType().parseFrom(value);
      }
    }
    throw new AssertionError("no detail of this type: " + error);
  }

  private static String inflated(byte[] bytes) throws IOException {
    return new String(
        new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes(),
        StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
