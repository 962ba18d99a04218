package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.bomb;
import static dev.userservice.rpc.Frames.cut;
import static dev.userservice.rpc.Frames.frame;
import static dev.userservice.rpc.Frames.gzip;
import static dev.userservice.rpc.Frames.join;
import static dev.userservice.rpc.Frames.splits;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.Frames.Received;
import dev.userservice.rpc.RawClient.Answer;
import dev.userservice.rpc.RawClient.RawCall;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connect and gRPC-Web requests that no library sends: each ends with its status, however its bytes
 * are split, and the connection stays usable.
 */
@Timeout(Waits.TEST_SECONDS)
class ConnectProbeTest {

  private static final String JSON = "application/json";
  private static final String PROTO = "application/proto";
  private static final String STREAM_JSON = "application/connect+json";
  private static final String STREAM_PROTO = "application/connect+proto";
  private static final String GET_ONE = "{\"user_id\": 1}";
  private static final int LIMIT = 65_536;

  private static RunningServer server;
  private RawClient client;

  @BeforeAll
  static void start() {
    server = RunningServer.start(1, new JsonObject());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void connect() {
    client = new RawClient(server.port());
  }

  @AfterEach
  void connectionServesOn() throws Exception {
    Answer answer =
        post("GetUser", Map.of("content-type", JSON)).data(bytes(GET_ONE), true).answer();
    assertThat(answer.httpStatus()).isEqualTo("200");
    assertThat(answer.text()).contains("Alice Johnson");
    client.close();
    ProbeCalls.assertNoUserWasCreated(server);
  }

  /**
   * A malformed unary call.
   *
   * @param code the code of its error; empty for a refusal by HTTP alone
   * @param says part of the message
   */
  private record Probe(
      String name,
      String method,
      Map<String, String> headers,
      byte[] body,
      int httpStatus,
      String code,
      String says) {

    @Override
    public String toString() {
      return name;
    }
  }

  private static Probe json(String name, String body, String says) {
    return unary(name, JSON, bytes(body), 400, "invalid_argument", says);
  }

  private static Probe in(String encoding, String says) {
    byte[] body = "{\"user_id\": 1, \"é\": 2}".getBytes(Charset.forName(encoding));
    return unary(encoding, JSON, body, 400, "invalid_argument", says);
  }

  private static Probe unary(
      String name, String type, byte[] body, int httpStatus, String code, String says) {
    return with(name, Map.of("content-type", type), body, httpStatus, code, says);
  }

  private static Probe with(
      String name,
      Map<String, String> headers,
      byte[] body,
      int httpStatus,
      String code,
      String says) {
    return new Probe(name, "GetUser", headers, body, httpStatus, code, says);
  }

  private static Probe header(String name, String value, int httpStatus, String code, String says) {
    return with(
        name + ": " + value,
        Map.of("content-type", JSON, name, value),
        bytes(GET_ONE),
        httpStatus,
        code,
        says);
  }

  static Stream<Probe> unaryProbes() {
    String deep = "{\"a\":".repeat(5_000) + "1" + "}".repeat(5_000);
    return Stream.of(
        json("no body", "", "cannot be read"),
        json("white space", "  \n", "cannot be read"),
        json("cut object", "{\n\"user_id\": ", "line 2, column 12"),
        json("no object", "[]", "must be an object"),
        json("a number", "7", "cannot be read"),
        json("null", "null", "cannot be read"),
        json("two objects", GET_ONE + GET_ONE, "more follows"),
        json("unknown field", "{\"user_idd\": 1}", "user_idd"),
        json("field twice", "{\"user_id\": 1, \"userId\": 2}", "user_id"),
        json("text for a number", "{\"user_id\": \"one\"}", "one"),
        json("object for a number", "{\"user_id\": {}}", "cannot be read"),
        json("fraction for an integer", "{\"user_id\": 1.5}", "1.5"),
        json("number above the range", "{\"user_id\": 99999999999}", "99999999999"),
        json("exponent above all ranges", "{\"user_id\": 1e999999999}", "cannot be read"),
        json("unquoted name", "{user_id: 1}", "cannot be read"),
        json("comment", "{/* x */ \"user_id\": 1}", "cannot be read"),
        json("trailing comma", "{\"user_id\": 1,}", "cannot be read"),
        json("deep nesting", deep, "cannot be read"),
        json("deep array", "[".repeat(20_000), "cannot be read"),
        json("rule of the service", "{\"user_id\": 0}", "user_id"),
        unary("no text", JSON, new byte[] {(byte) 0xff, 0, 1}, 400, "invalid_argument", "UTF-8"),
        in("UTF-16BE", "cannot be read"),
        in("UTF-16LE", "cannot be read"),
        in("UTF-32BE", "cannot be read"),
        in("ISO-8859-1", "must be UTF-8"),
        unary(
            "no character of UTF-32",
            JSON,
            new byte[] {'{', 0, 0, 0, (byte) 0x88, (byte) 0xa1, 0x7f, 0x14},
            400,
            "invalid_argument",
            "UTF-8"),
        unary("no protobuf", PROTO, bytes(GET_ONE), 400, "invalid_argument", "type of"),
        unary("a frame", PROTO, frame(Requests.get(1)), 400, "invalid_argument", "type of"),
        unary(
            "too large",
            JSON,
            bytes(" ".repeat(LIMIT + 1)),
            429,
            "resource_exhausted",
            LIMIT + " bytes"),
        with(
            "inflated too large",
            Map.of("content-type", JSON, "content-encoding", "gzip"),
            bomb(20),
            429,
            "resource_exhausted",
            LIMIT + " bytes"),
        with(
            "no gzip",
            Map.of("content-type", JSON, "content-encoding", "gzip"),
            bytes(GET_ONE),
            400,
            "invalid_argument",
            "gzip"),
        with(
            "cut gzip",
            Map.of("content-type", JSON, "content-encoding", "gzip"),
            cut(gzip(bytes(GET_ONE)), 15),
            400,
            "invalid_argument",
            "gzip"),
        header("content-encoding", "br", 501, "unimplemented", "content-encoding must be"),
        header("connect-timeout-ms", "", 400, "invalid_argument", "connect-timeout-ms must be"),
        header("connect-timeout-ms", "-1", 400, "invalid_argument", "connect-timeout-ms must be"),
        header("connect-timeout-ms", "1S", 400, "invalid_argument", "connect-timeout-ms must be"),
        header("connect-timeout-ms", "12345678901", 400, "invalid_argument", "1 to 10 digits"),
        header("connect-timeout-ms", "0", 504, "deadline_exceeded", "connect-timeout-ms of 0"),
        header("connect-protocol-version", "2", 400, "invalid_argument", "must be 1"),
        header("x-bin", "!", 400, "invalid_argument", "x-bin"),
        new Probe(
            "unknown method",
            "Nothing",
            Map.of("content-type", JSON),
            bytes(GET_ONE),
            501,
            "unimplemented",
            "Nothing"),
        new Probe(
            "a stream as a unary call",
            "ListUsers",
            Map.of("content-type", JSON),
            bytes("{}"),
            415,
            "",
            "application/connect+json"),
        unary("a unary call as a stream", STREAM_JSON, frame(0, bytes("{}")), 415, "", "is unary"),
        unary("another connect", "application/connect", bytes("{}"), 415, "", "content-type"));
  }

  @ParameterizedTest
  @MethodSource("unaryProbes")
  void unary(Probe probe) throws Exception {
    for (List<byte[]> parts : splits(probe.body)) {
      Answer answer = answer(probe, parts);

      assertThat(answer.httpStatus()).isEqualTo(Integer.toString(probe.httpStatus));
      if (probe.code.isEmpty()) {
        assertThat(answer.text()).contains(probe.says);
        assertThat(answer.headers().get("accept-post")).isNotNull();
      } else {
        assertThat(answer.headers().get("content-type")).hasToString(JSON);
        JsonObject error = new JsonObject(answer.text());
        assertThat(error.getString("code")).isEqualTo(probe.code);
        assertThat(error.getString("message")).contains(probe.says).doesNotContain("\n");
      }
    }
  }

  static Stream<Probe> streamProbes() {
    byte[] good = frame(0, bytes("{\"limit\": 1}"));
    String gzip = "connect-content-encoding";
    return Stream.of(
        stream("no message", new byte[0], "invalid_argument", "but none arrived"),
        stream("two messages", join(good, good), "invalid_argument", "more than one"),
        stream("cut prefix", cut(good, 3), "invalid_argument", "five bytes"),
        stream("cut message", cut(good, good.length - 1), "invalid_argument", "middle"),
        stream("reserved flags", frame(0x40, bytes("{}")), "invalid_argument", "reserved"),
        stream("an end of its own", frame(2, bytes("{}")), "invalid_argument", "reserved"),
        stream("no encoding", frame(1, gzip(bytes("{}"))), "invalid_argument", gzip),
        stream("too large", frame(0, LIMIT + 1, new byte[9]), "resource_exhausted", "bytes"),
        stream("no JSON", frame(0, bytes("{")), "invalid_argument", "cannot be read"),
        stream("unknown field", frame(0, bytes("{\"x\":1}")), "invalid_argument", "x"),
        streamWith(Map.of(gzip, "br"), frame(1, bytes("x")), "unimplemented", gzip + " must be"),
        streamWith(Map.of(gzip, "gzip"), frame(1, bytes("x")), "invalid_argument", "gzip format"),
        streamWith(Map.of(gzip, "gzip"), frame(1, bomb(20)), "resource_exhausted", "bytes"),
        streamWith(Map.of("connect-timeout-ms", "x"), good, "invalid_argument", "must be"),
        streamWith(Map.of("connect-timeout-ms", "0"), good, "deadline_exceeded", "of 0"),
        streamWith(Map.of("connect-protocol-version", "0"), good, "invalid_argument", "must be 1"));
  }

  private static Probe stream(String name, byte[] body, String code, String says) {
    return new Probe(name, "ListUsers", Map.of("content-type", STREAM_JSON), body, 200, code, says);
  }

  private static Probe streamWith(
      Map<String, String> headers, byte[] body, String code, String says) {
    Map<String, String> all = new HashMap<>(headers);
    all.put("content-type", STREAM_JSON);
    return new Probe(headers + " " + code, "ListUsers", all, body, 200, code, says);
  }

  @ParameterizedTest
  @MethodSource("streamProbes")
  void stream(Probe probe) throws Exception {
    for (List<byte[]> parts : splits(probe.body)) {
      Answer answer = answer(probe, parts);

      assertThat(answer.httpStatus()).isEqualTo("200");
      List<Received> frames = Frames.read(answer.body());
      assertThat(frames).extracting(Received::flags).as("the end alone").containsExactly(2);
      JsonObject error = new JsonObject(frames.get(0).text()).getJsonObject("error");
      assertThat(error.getString("code")).isEqualTo(probe.code);
      assertThat(error.getString("message")).contains(probe.says);
    }
  }

  @Test
  void protobufStream_inAnySplit() throws Exception {
    byte[] body = join(frame(Requests.says(1, "one")), frame(Requests.says(1, "two")));
    for (List<byte[]> parts : splits(body)) {
      Answer answer = answer("StreamUsers", Map.of("content-type", STREAM_PROTO), parts);
      assertThat(answer.text()).contains(": one", ": two");
    }
  }

  @Test
  void webText_inAnySplit() throws Exception {
    String one = Base64.getEncoder().encodeToString(frame(Requests.says(1, "one")));
    String two = Base64.getEncoder().encodeToString(frame(Requests.says(1, "number two")));
    for (List<byte[]> parts : splits(bytes(one + two))) {
      byte[] body =
          answer("StreamUsers", Map.of("content-type", "application/grpc-web-text"), parts).body();
      String text =
          new String(
              new Base64Body().decode(Buffer.buffer(body)).getBytes(), StandardCharsets.UTF_8);
      assertThat(text).contains(": one", ": number two", "grpc-status:0");
    }
  }

  @Test
  void webText_malformed() throws Exception {
    byte[] good = frame(Requests.get(1));
    String encoded = Base64.getEncoder().encodeToString(good);
    for (String body :
        List.of("!!!!", "AAA=A", "=AAA", "A\nAA", encoded.substring(0, encoded.length() - 2))) {
      Answer answer =
          post("GetUser", Map.of("content-type", "application/grpc-web-text"))
              .data(bytes(body), true)
              .answer();
      assertThat(answer.grpcStatus()).as(body).isEqualTo(13);
      assertThat(answer.message()).as(body).contains("base64");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/grpc-web+proto", "application/grpc-web-text"})
  void web_gzipBomb(String type) throws Exception {
    byte[] bomb = frame(1, bomb(200));
    byte[] body = type.endsWith("text") ? Base64.getEncoder().encode(bomb) : bomb;
    Map<String, String> headers = Map.of("content-type", type, "grpc-encoding", "gzip");

    Answer answer = answer("CreateUser", headers, List.of(body));

    assertThat(answer.grpcStatus()).isEqualTo(8);
    assertThat(answer.message()).contains("more than 65536 bytes");
  }

  private Answer answer(Probe probe, List<byte[]> parts) throws Exception {
    return answer(probe.method, probe.headers, parts);
  }

  private Answer answer(String method, Map<String, String> headers, List<byte[]> parts)
      throws Exception {
    RawCall call = post(method, headers);
    parts.forEach(part -> call.data(part, false));
    return call.data(new byte[0], true).answer();
  }

  private RawCall post(String method, Map<String, String> headers) {
    return client.post("/users.v1.UserService/" + method, headers);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
