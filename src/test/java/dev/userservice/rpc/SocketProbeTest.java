package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawSocket.Frame;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls over WebSockets that no library makes: each ends with its status, and its connection. */
@Timeout(Waits.TEST_SECONDS)
class SocketProbeTest {

  private static final int LIMIT = 65_536;
  private static final String GET_ONE = "{\"user_id\": 1}";
  private static final String ALICE = "Alice Johnson";

  private static RunningServer server;

  @BeforeAll
  static void start() {
    JsonObject web = new JsonObject().put("origins", new JsonArray().add("https://app.test"));
    JsonObject limits = new JsonObject().put("requestMillis", 500);
    server = RunningServer.start(1, new JsonObject().put("web", web).put("limits", limits));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void nothingStays() {
    Waits.until("connections closed", () -> server.openConnections() == 0);
    // The end of a connection ends its call in a later turn.
    Waits.until("calls over", () -> server.openCallsAndMembers() == 0);
  }

  /** Sends frames. */
  private interface Frames {
    void send(RawSocket socket) throws IOException;
  }

  /**
   * A malformed call.
   *
   * @param code the code of its error
   * @param says part of the message
   */
  private record Probe(String name, String method, Frames frames, String code, String says) {

    @Override
    public String toString() {
      return name;
    }
  }

  private static Probe probe(String name, String code, String says, Frames frames) {
    return new Probe(name, "GetUser", frames, code, says);
  }

  private static Probe texts(String name, String code, String says, String... texts) {
    return probe(
        name,
        code,
        says,
        socket -> {
          for (String text : texts) {
            socket.text(text);
          }
        });
  }

  private static Probe start(String json, String says) {
    return texts("start " + json, "invalid_argument", says, "start " + json);
  }

  static Stream<Probe> probes() {
    String malformed = "invalid_argument";
    byte[] one = GET_ONE.getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        texts("no start", malformed, "first frame must be start", GET_ONE),
        probe("bytes before start", malformed, "first frame must be start", s -> s.binary(one)),
        texts("end before start", malformed, "a text frame must be", "end"),
        texts("another word", malformed, "a text frame must be", "START"),
        texts("no word", malformed, "a text frame must be", ""),
        texts("a long word", malformed, "a text frame must be", "start " + "x".repeat(20_000)),
        texts("start twice", malformed, "start is the first frame only", "start", "start"),
        texts("a word after start", malformed, "a text frame must be", "start", "stop"),
        texts("JSON that is an array", malformed, "a text frame must be", "start", "[]"),
        start("x", "one JSON object"),
        start("[]", "one JSON object"),
        start("{}{}", "one JSON object"),
        start("{\"deadline\": 1}", "the keys of start are"),
        start("{\"format\": \"xml\"}", "format must be"),
        start("{\"format\": 1}", "format must be"),
        start("{\"timeout_ms\": \"5\"}", "timeout_ms must be a whole number"),
        start("{\"timeout_ms\": 1.5}", "timeout_ms must be a whole number"),
        start("{\"timeout_ms\": -1}", "timeout_ms must be 1 to 10 digits"),
        start("{\"timeout_ms\": 99999999999}", "timeout_ms must be 1 to 10 digits"),
        start("{\"metadata\": []}", "metadata must be an object"),
        start("{\"metadata\": {\"\": \"x\"}}", "malformed or reserved"),
        start("{\"metadata\": {\"a b\": \"x\"}}", "malformed or reserved"),
        start("{\"metadata\": {\"content-type\": \"x\"}}", "malformed or reserved"),
        start("{\"metadata\": {\"Connection\": \"x\"}}", "malformed or reserved"),
        start("{\"metadata\": {\"grpc-timeout\": \"1S\"}}", "malformed or reserved"),
        start("{\"metadata\": {\"a\": 1}}", "metadata a must have values of"),
        start("{\"metadata\": {\"a\": [null]}}", "metadata a must have values of"),
        start("{\"metadata\": {\"a\": \"x\\ny\"}}", "metadata a must have values of"),
        start("{\"metadata\": {\"a\": \"\u00e9\"}}", "metadata a must have values of"),
        start("{\"metadata\": {\"a-bin\": \"!\"}}", "metadata a-bin is not in base64"),
        texts("no time", "deadline_exceeded", "timeout_ms of 0", "start {\"timeout_ms\": 0}"),
        texts("no message", malformed, "but none arrived", "start", "end"),
        texts("two messages", malformed, "more than one arrived", "start", GET_ONE, GET_ONE),
        texts("no JSON", malformed, "the JSON cannot be read", "start", "{user_id}", "end"),
        texts("unknown field", malformed, "user_idd", "start", "{\"user_idd\": 1}", "end"),
        texts("rule of the service", malformed, "user_id", "start", "{\"user_id\": 0}", "end"),
        probe(
            "bytes instead of JSON",
            malformed,
            "frames of text",
            socket -> socket.text("start").binary(Requests.get(1).toByteArray())),
        texts(
            "JSON instead of bytes",
            malformed,
            "frames of bytes",
            "start {\"format\": \"proto\"}",
            GET_ONE),
        probe(
            "no protobuf",
            malformed,
            "type of users.v1.UserService/GetUser",
            socket -> socket.text("start {\"format\": \"proto\"}").binary(one).text("end")),
        probe(
            "text that is not UTF-8",
            malformed,
            "the JSON cannot be read",
            socket ->
                socket
                    .text("start")
                    .whole(RawSocket.TEXT, new byte[] {'{', (byte) 0xff})
                    .text("end")),
        texts(
            "too large",
            "resource_exhausted",
            LIMIT + " bytes",
            "start",
            "{\"x\": \"" + "x".repeat(LIMIT) + "\"}"),
        probe(
            "too large, in parts",
            "resource_exhausted",
            LIMIT + " bytes",
            socket -> {
              socket.text("start").part(RawSocket.TEXT, "{".getBytes(StandardCharsets.UTF_8));
              for (int i = 0; i < 5; i++) {
                socket.part(RawSocket.CONTINUATION, new byte[LIMIT / 4]);
              }
            }),
        new Probe(
            "an item that breaks a rule",
            "BatchCreateUsers",
            socket -> socket.text("start").text("{\"name\": \"x\", \"email\": \"y\"}").text("end"),
            malformed,
            "email"),
        new Probe(
            "a message behind the end of a chat",
            "StreamUsers",
            socket -> socket.text("start").text("end").text("end"),
            "",
            ""),
        new Probe(
            "unknown method",
            "Nothing",
            socket -> socket.text("start"),
            "unimplemented",
            "Nothing"),
        probe("no frame", "deadline_exceeded", "the first frame did not arrive", socket -> {}),
        texts("no end", "deadline_exceeded", "not complete within 500 ms", "start", GET_ONE));
  }

  @ParameterizedTest
  @MethodSource("probes")
  void malformedCall(Probe probe) throws Exception {
    try (RawSocket socket = new RawSocket(server.port(), probe.method)) {
      probe.frames.send(socket);

      JsonObject error = socket.error();
      if (probe.code.isEmpty()) {
        assertThat(error).isNull();
      } else {
        assertThat(error.getString("code")).as(error.encode()).isEqualTo(probe.code);
        assertThat(error.getString("message")).contains(probe.says);
      }
    }
  }

  /** Frames that RFC 6455 forbids: the close code tells why. */
  static Stream<Probe> violations() {
    return Stream.of(
        violation("not masked", 1002, new byte[] {(byte) 0x81, 1, 'x'}),
        violation("reserved bits", 1002, new byte[] {(byte) 0xf1, (byte) 0x80, 0, 0, 0, 0}),
        violation("unknown type", 1002, RawSocket.encoded(3, new byte[1], true)),
        violation("continues nothing", 1002, RawSocket.encoded(0, new byte[1], true)),
        violation("a ping in parts", 1002, RawSocket.encoded(RawSocket.PING, new byte[1], false)),
        violation("a large ping", 1002, RawSocket.encoded(RawSocket.PING, new byte[126], true)),
        violation("a flood of pings", 1008, pings(501)),
        violation("far too large", 1009, RawSocket.encoded(1, new byte[3 * LIMIT], true)));
  }

  private static byte[] pings(int count) {
    byte[] ping = RawSocket.encoded(RawSocket.PING, new byte[0], true);
    return dev.userservice.rpc.Frames.join(Collections.nCopies(count, ping).toArray(byte[][]::new));
  }

  private static Probe violation(String name, int closeCode, byte[] bytes) {
    return new Probe(name, "GetUser", s -> s.text("start").write(bytes), "" + closeCode, "");
  }

  @ParameterizedTest
  @MethodSource("violations")
  void violationOfTheProtocol(Probe probe) throws Exception {
    try (RawSocket socket = new RawSocket(server.port(), probe.method)) {
      probe.frames.send(socket);

      List<Frame> frames = socket.rest();
      assertThat(frames.get(frames.size() - 1).closeCode()).isEqualTo(Integer.parseInt(probe.code));
      socket.awaitEnd();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sec-websocket-version: 13, sec-websocket-version: 8, 426",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==, sec-websocket-key: AAAA, 400",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==, sec-websocket-key: !, 400",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==, x-none: x, 400",
    "connection: upgrade, connection: keep-alive, 400",
    "connection: upgrade, content-length: 3, 400",
    "upgrade: websocket, upgrade: websockets, 415",
    "GET , POST , 415",
    "host: 127.0.0.1, host: evil.test, 421",
    "x-last: x, origin: https://evil.test, 403",
    "x-last: x, origin: null, 403",
    "x-last: x, origin: https://app.test, 101",
    "connection: upgrade, 'Connection: Keep-Alive, Upgrade', 101",
    "upgrade: websocket, Upgrade: WebSocket, 101"
  })
  void request(String part, String replacement, int status) throws Exception {
    String request = RawSocket.request(server.port(), "GetUser", "x-last: x\r\n");
    assertThat(request).contains(part);
    try (RawHttp http = new RawHttp(server.port())) {
      http.send(request.replace(part, replacement));

      RawHttp.Answer answer = http.head();
      assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
      if (status == 426) {
        assertThat(answer.header("sec-websocket-version")).isEqualTo("13");
      }
    }
  }

  /**
   * A frame that says that it is compressed breaks the rules: nothing is unpacked, so nothing
   * grows.
   */
  @Test
  void compression_isNotOffered() throws Exception {
    String offer = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
    try (RawSocket socket = new RawSocket(server.port(), "GetUser", offer)) {
      assertThat(socket.head()).startsWith("HTTP/1.1 101").doesNotContainIgnoringCase("extensions");
      byte[] start =
          RawSocket.encoded(RawSocket.TEXT, "start".getBytes(StandardCharsets.UTF_8), true);
      start[0] |= 0x40;
      socket.write(start);

      assertThat(socket.rest().get(0).closeCode()).isEqualTo(1002);
    }
  }

  @Test
  void frames_inAnySplit() throws Exception {
    byte[] frames =
        dev.userservice.rpc.Frames.join(
            RawSocket.encoded(RawSocket.TEXT, "sta".getBytes(StandardCharsets.UTF_8), false),
            RawSocket.encoded(RawSocket.PING, new byte[] {7}, true),
            RawSocket.encoded(RawSocket.CONTINUATION, "rt".getBytes(StandardCharsets.UTF_8), true),
            RawSocket.encoded(RawSocket.TEXT, "{\"user".getBytes(StandardCharsets.UTF_8), false),
            RawSocket.encoded(RawSocket.CONTINUATION, new byte[0], false),
            RawSocket.encoded(
                RawSocket.CONTINUATION, "_id\":1}".getBytes(StandardCharsets.UTF_8), true),
            RawSocket.encoded(RawSocket.PONG, new byte[] {8}, true),
            RawSocket.encoded(RawSocket.TEXT, "end".getBytes(StandardCharsets.UTF_8), true));
    for (int at = 0; at < frames.length; at++) {
      try (RawSocket socket = new RawSocket(server.port(), "GetUser")) {
        socket.write(Arrays.copyOf(frames, at));
        socket.write(Arrays.copyOfRange(frames, at, frames.length));

        List<Frame> answers = socket.rest();
        assertThat(answers).as("split at " + at).hasSize(4);
        assertThat(answers.get(0).type()).isEqualTo(RawSocket.PONG);
        assertThat(answers.get(1).text()).contains(ALICE);
        assertThat(answers.get(2).text()).isEqualTo("end {}");
        assertThat(answers.get(3).closeCode()).isEqualTo(1000);
      }
    }
  }
}
