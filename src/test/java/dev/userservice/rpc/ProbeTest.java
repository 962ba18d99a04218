package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.cut;
import static dev.userservice.rpc.Frames.frame;
import static dev.userservice.rpc.Frames.gzip;
import static dev.userservice.rpc.Frames.gzipped;
import static dev.userservice.rpc.Frames.join;
import static dev.userservice.rpc.Frames.splits;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserMessage;
import dev.userservice.rpc.RawClient.Answer;
import dev.userservice.rpc.RawClient.RawCall;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests that no gRPC library sends: each call ends with its status, however its bytes are split
 * over DATA frames, and the connection stays usable.
 */
@Timeout(Waits.TEST_SECONDS)
class ProbeTest {

  private static final int OK = 0;
  private static final int INVALID_ARGUMENT = 3;
  private static final int DEADLINE_EXCEEDED = 4;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int UNIMPLEMENTED = 12;
  private static final int INTERNAL = 13;

  private static final String SERVICE = "/users.v1.UserService/";
  private static final MessageLite GET = Requests.get(1);
  private static final int LIMIT = 65_536;

  /** The four kinds of call, each with a message that it accepts. */
  private enum Kind {
    UNARY("GetUser", Requests.get(1)),
    SERVER_STREAM("ListUsers", Requests.list(2, 0)),
    CLIENT_STREAM("BatchCreateUsers", Requests.create("", "", -1)),
    BIDI("StreamUsers", Requests.says(1, "hello"));

    final String method;
    final MessageLite message;

    Kind(String method, MessageLite message) {
      this.method = method;
      this.message = message;
    }

    boolean takesOne() {
      return this == UNARY || this == SERVER_STREAM;
    }

    /** The batch gets an item that breaks the rules, so that probes leave the store as it is. */
    int goodStatus() {
      return this == CLIENT_STREAM ? INVALID_ARGUMENT : OK;
    }
  }

  private static RunningServer server;
  private RawClient client;

  @BeforeAll
  static void start() {
    server = RunningServer.start(2, new JsonObject());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void everyConnectionServesOn() throws Exception {
    if (client != null) {
      Answer answer = call(client, "GetUser", Map.of(), frame(GET)).answer();
      assertThat(answer.grpcStatus()).as("the next call of the connection").isEqualTo(OK);
      assertThat(answer.text()).contains("Alice Johnson");
      client.close();
    }
    assertThat(server.blocking().listUsers(Requests.list(0, 0)))
        .as("no user was created")
        .toIterable()
        .hasSize(5);
  }

  static Stream<Arguments> bodies() {
    List<Arguments> probes = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      byte[] good = frame(kind.message);
      byte[] payload = kind.message.toByteArray();
      Map<String, String> gzip = Map.of("grpc-encoding", "gzip");
      if (kind.takesOne()) {
        add(probes, kind, "no message", Map.of(), INTERNAL, "exactly one message, but none");
        add(probes, kind, "two messages", Map.of(), INTERNAL, "but more than one", good, good);
      } else {
        add(probes, kind, "no message", Map.of(), OK, "");
        add(probes, kind, "two messages", Map.of(), kind.goodStatus(), "", good, good);
        add(
            probes,
            kind,
            "good, then cut",
            Map.of(),
            INTERNAL,
            "middle of a message",
            good,
            cut(good, good.length - 1));
      }
      add(probes, kind, "one message", Map.of(), kind.goodStatus(), "", good);
      add(
          probes,
          kind,
          "cut message",
          Map.of(),
          INTERNAL,
          "middle of a message",
          cut(good, good.length - 1));
      add(probes, kind, "cut prefix", Map.of(), INTERNAL, "within the five bytes", cut(good, 3));
      add(probes, kind, "prefix alone", Map.of(), INTERNAL, "middle of a message", cut(good, 5));
      add(
          probes,
          kind,
          "flag without encoding",
          Map.of(),
          INTERNAL,
          "grpc-encoding is not set",
          frame(1, payload));
      add(
          probes,
          kind,
          "flag with identity",
          Map.of("grpc-encoding", "identity"),
          INTERNAL,
          "grpc-encoding is not set",
          frame(1, payload));
      for (int flags : new int[] {2, 0x80, 0xff}) {
        add(
            probes,
            kind,
            "reserved flags " + flags,
            Map.of(),
            INTERNAL,
            "reserved flags",
            frame(flags, payload));
      }
      add(
          probes,
          kind,
          "unknown encoding",
          Map.of("grpc-encoding", "snappy"),
          UNIMPLEMENTED,
          "gzip or identity",
          frame(1, payload));
      add(
          probes,
          kind,
          "unknown encoding, not used",
          Map.of("grpc-encoding", "snappy"),
          kind.goodStatus(),
          "",
          good);
      add(probes, kind, "gzip", gzip, kind.goodStatus(), "", gzipped(kind.message));
      add(probes, kind, "gzip, not used", gzip, kind.goodStatus(), "", good);
      add(probes, kind, "corrupt gzip", gzip, INTERNAL, "not in gzip format", frame(1, payload));
      add(
          probes,
          kind,
          "cut gzip",
          gzip,
          INTERNAL,
          "not in gzip format",
          frame(1, cut(gzip(payload), 12)));
      add(probes, kind, "no gzip", gzip, INTERNAL, "not in gzip format", frame(1, new byte[0]));
      add(
          probes,
          kind,
          "too large",
          Map.of(),
          RESOURCE_EXHAUSTED,
          "more than 65536 bytes",
          frame(0, LIMIT + 1, new byte[10]));
      add(
          probes,
          kind,
          "wrong length",
          Map.of(),
          RESOURCE_EXHAUSTED,
          "more than 65536 bytes",
          frame(0, -1, new byte[10]));
      add(
          probes,
          kind,
          "too large inflated",
          gzip,
          RESOURCE_EXHAUSTED,
          "more than 65536 bytes",
          frame(1, gzip(new byte[LIMIT + 1])));
      add(
          probes,
          kind,
          "no protobuf",
          Map.of(),
          INTERNAL,
          "not of the type",
          frame(0, new byte[] {-1, -1, -1}));
      add(
          probes,
          kind,
          "cut protobuf",
          Map.of(),
          INTERNAL,
          "not of the type",
          frame(0, new byte[] {8}));
    }
    byte[] badUtf8 = {10, 2, (byte) 0xc3, 0x28};
    probes.add(
        Arguments.of(
            "bad UTF-8", "CreateUser", Map.of(), INTERNAL, "not of the type", frame(0, badUtf8)));
    probes.add(
        Arguments.of(
            "empty message",
            "GetUser",
            Map.of(),
            INVALID_ARGUMENT,
            "user_id",
            frame(0, new byte[0])));
    return probes.stream();
  }

  private static void add(
      List<Arguments> probes,
      Kind kind,
      String name,
      Map<String, String> headers,
      int status,
      String message,
      byte[]... body) {
    probes.add(Arguments.of(name, kind.method, headers, status, message, join(body)));
  }

  @ParameterizedTest(name = "{1}: {0}")
  @MethodSource("bodies")
  void body(
      String name,
      String method,
      Map<String, String> headers,
      int status,
      String message,
      byte[] body)
      throws Exception {
    client = new RawClient(server.port());
    for (List<byte[]> split : splits(body)) {
      RawCall call = client.post(SERVICE + method, withContentType(headers));
      for (int i = 0; i < split.size(); i++) {
        call.data(split.get(i), i == split.size() - 1);
      }
      assertAnswer(call.answer(), status, message);
    }
    RawCall late = client.post(SERVICE + method, withContentType(headers));
    late.data(body, false).data(new byte[0], false).endWithTrailers();
    assertAnswer(late.answer(), status, message);
  }

  private static void assertAnswer(Answer answer, int status, String message) {
    assertThat(answer.httpStatus()).isEqualTo("200");
    assertThat(answer.grpcStatus()).as(answer.message()).isEqualTo(status);
    assertThat(answer.message()).contains(message);
    assertThat(answer.headers().get("content-type")).hasToString("application/grpc");
    assertThat(answer.headers().contains("content-length")).isFalse();
    assertThat(answer.header("grpc-status-details-bin") != null).isEqualTo(status != OK);
    if (status == UNIMPLEMENTED) {
      assertThat(answer.headers().get("grpc-accept-encoding")).hasToString("gzip");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.userservice.rpc.ProbeTest#malformedTimeouts")
  void timeout_malformed(String timeout) throws Exception {
    client = new RawClient(server.port());

    Answer answer = call(client, "GetUser", Map.of("grpc-timeout", timeout), frame(GET)).answer();

    assertAnswer(answer, INTERNAL, "grpc-timeout must be");
  }

  static Stream<String> malformedTimeouts() {
    return Stream.of("", "1", "m", "-1m", "+1m", "123456789m", "1x", "1.5S", "1 m", "0x1m", "1mm");
  }

  @Test
  void timeout_ofEveryUnit() throws Exception {
    client = new RawClient(server.port());
    for (String timeout :
        List.of("1H", "1M", "5S", "5000m", "9000000u", "99999999n", "99999999H")) {
      assertThat(
              call(client, "GetUser", Map.of("grpc-timeout", timeout), frame(GET))
                  .answer()
                  .grpcStatus())
          .as(timeout)
          .isEqualTo(OK);
    }
    for (String timeout : List.of("0S", "0n", "1n", "999999n", "1u", "999u")) {
      assertAnswer(
          call(client, "GetUser", Map.of("grpc-timeout", timeout), frame(GET)).answer(),
          DEADLINE_EXCEEDED,
          timeout);
    }
  }

  @Test
  void timeout_inEveryStateOfEveryKind() throws Exception {
    client = new RawClient(server.port());
    for (Kind kind : Kind.values()) {
      byte[] good = frame(kind.message);
      List<RawCall> waiting =
          List.of(
              timed(kind),
              timed(kind).data(good, false),
              timed(kind).data(cut(good, 3), false),
              timed(kind).data(cut(good, good.length - 1), false));
      for (RawCall call : waiting) {
        assertAnswer(call.answer(), DEADLINE_EXCEEDED, "60m");
      }
    }
  }

  private RawCall timed(Kind kind) {
    return client.post(SERVICE + kind.method, withContentType(Map.of("grpc-timeout", "60m")));
  }

  @Test
  void contentType_thatIsGrpc() throws Exception {
    client = new RawClient(server.port());
    for (String type :
        List.of(
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;charset=utf-8",
            "application/grpc ; charset=utf-8",
            "application/grpc+proto; a=b; c=d",
            "Application/GRPC",
            "APPLICATION/GRPC+PROTO;Charset=x")) {
      assertThat(typed(type).grpcStatus()).as(type).isEqualTo(OK);
    }
  }

  @Test
  void contentType_thatIsNotGrpc() throws Exception {
    client = new RawClient(server.port());
    for (String type :
        List.of(
            "",
            "text/plain",
            "application/xml",
            "application/connect",
            "application/connect+xml",
            "application/grpcx",
            "APPLICATION/GRPC+XML",
            "application/grpc-web+text")) {
      Answer answer = typed(type);
      assertThat(answer.httpStatus()).as(type).isEqualTo("415");
      assertThat(answer.grpcStatus()).as(type).isEqualTo(INTERNAL);
    }
    assertThat(
            client.post(SERVICE + "GetUser", Map.of()).data(frame(GET), true).answer().httpStatus())
        .isEqualTo("415");
  }

  private Answer typed(String type) throws Exception {
    return client
        .post(SERVICE + "GetUser", Map.of("content-type", type))
        .data(frame(GET), true)
        .answer();
  }

  @Test
  void httpMethod_thatIsNotPost() throws Exception {
    client = new RawClient(server.port());
    for (String method : List.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS")) {
      Answer answer =
          client.open(method, SERVICE + "CreateUser", withContentType(Map.of()), true).answer();
      assertThat(answer.httpStatus()).isEqualTo("405");
      assertThat(answer.headers().get("allow")).hasToString("POST");
    }
    Answer answer =
        client.open("PUT", SERVICE + "GetUser", withContentType(Map.of()), true).answer();
    assertThat(answer.headers().get("allow")).hasToString("GET, POST");
  }

  @Test
  void path_thatIsNotServed() throws Exception {
    client = new RawClient(server.port());
    for (String path :
        List.of(
            "/users.v1.UserService/Nope",
            "/no.such.Service/GetUser",
            "/",
            "/x",
            "//",
            "/users.v1.UserService/GetUser/x",
            "/users.v1.UserService/getuser")) {
      Answer answer = client.post(path, withContentType(Map.of())).data(frame(GET), true).answer();
      assertAnswer(answer, UNIMPLEMENTED, "the method " + path.substring(1));
    }
  }

  @Test
  void metadata_binary() throws Exception {
    client = new RawClient(server.port());
    for (String good : List.of("", "AAEC", "AAE=", "AAE", "AAEC,AAE", "AAEC, AAE=")) {
      assertThat(call(client, "GetUser", Map.of("x-bin", good), frame(GET)).answer().grpcStatus())
          .as(good)
          .isEqualTo(OK);
    }
    for (String bad : List.of("!", "A", "AAEC,!", "AA=C")) {
      assertAnswer(
          call(client, "GetUser", Map.of("x-bin", bad), frame(GET)).answer(), INTERNAL, "x-bin");
    }
  }

  @Test
  void headersThatEndTheStream() throws Exception {
    client = new RawClient(server.port());
    for (Kind kind : Kind.values()) {
      Answer answer =
          client.open("POST", SERVICE + kind.method, withContentType(Map.of()), true).answer();
      assertAnswer(answer, kind.takesOne() ? INTERNAL : OK, "");
    }
  }

  @Test
  void earlyFailure_isSentWhileTheCallerStillSends() throws Exception {
    client = new RawClient(server.port());
    for (Kind kind : Kind.values()) {
      RawCall call = client.post(SERVICE + kind.method, withContentType(Map.of()));
      call.data(frame(0x80, new byte[0]), false);
      assertThat(call.answer().grpcStatus()).isEqualTo(INTERNAL);
      call.data(new byte[10_000], false);
    }
  }

  @Test
  void manySmallMessagesInOneFrame_costLinearTime() throws Exception {
    client = new RawClient(server.port());
    byte[] message = frame(Requests.create("", "", -1));
    byte[] many = new byte[message.length * 200_000];
    for (int i = 0; i < 200_000; i++) {
      System.arraycopy(message, 0, many, i * message.length, message.length);
    }

    RawCall call = client.post(SERVICE + "StreamUsers", withContentType(Map.of()));
    // The first is not a chat message and ends the call; the rest is read and dropped.
    call.data(many, true);

    assertThat(call.answer().grpcStatus()).isEqualTo(INVALID_ARGUMENT);
  }

  @Test
  void gzipBombs_fiftyAtOnce() throws Exception {
    client = new RawClient(server.port());
    byte[] bomb = frame(1, Frames.bomb(200));
    List<RawCall> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(call(client, "CreateUser", Map.of("grpc-encoding", "gzip"), bomb));
    }
    for (RawCall call : calls) {
      assertAnswer(call.answer(), RESOURCE_EXHAUSTED, "more than 65536 bytes");
    }
  }

  @Test
  void anySequence_inAnySplit_givesTheSameMessages() throws Exception {
    Random random = new Random(7);
    client = new RawClient(server.port());
    for (int i = 0; i < 200; i++) {
      List<String> texts = new ArrayList<>();
      byte[] body = new byte[0];
      for (int m = 0; m < random.nextInt(6); m++) {
        texts.add("x".repeat(1 + random.nextInt(m % 2 == 0 ? 20 : 4_000)) + m);
        MessageLite message = Requests.says(1, texts.get(m));
        body = join(body, random.nextBoolean() ? frame(message) : gzipped(message));
      }
      RawCall call =
          client.post(SERVICE + "StreamUsers", withContentType(Map.of("grpc-encoding", "gzip")));
      for (int start = 0; start < body.length; ) {
        int end = Math.min(body.length, start + random.nextInt(random.nextBoolean() ? 9 : 3_000));
        call.data(Arrays.copyOfRange(body, start, end), false);
        start = end;
      }
      Answer answer = call.data(new byte[0], true).answer();

      assertThat(answer.grpcStatus()).isEqualTo(OK);
      assertThat(messages(answer.body()))
          .containsExactlyElementsOf(texts.stream().map(t -> "Server received: " + t).toList());
    }
  }

  private static List<String> messages(byte[] body) throws Exception {
    List<String> messages = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(body);
    while (bytes.hasRemaining()) {
      assertThat(bytes.get()).isZero();
      byte[] message = new byte[bytes.getInt()];
      bytes.get(message);
      messages.add(UserMessage.parseFrom(message).getMessage());
    }
    return messages;
  }

  @Test
  void mutations_endInAStatus() throws Exception {
    Random random = new Random(42);
    for (int i = 0; i < 300; i++) {
      Kind kind = Kind.values()[random.nextInt(4)];
      byte[] body = join(frame(kind.message), frame(kind.message));
      for (int m = 0; m < 1 + random.nextInt(3); m++) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
      body = cut(body, 1 + random.nextInt(body.length));
      if (kind == Kind.CLIENT_STREAM || kind == Kind.BIDI) {
        kind = Kind.BIDI;
      }
      try (RawClient own = new RawClient(server.port())) {
        assertThat(call(own, kind.method, Map.of(), body).answer().grpcStatus()).isBetween(0, 16);
      }
    }
    client = new RawClient(server.port());
  }

  private static RawCall call(
      RawClient client, String method, Map<String, String> headers, byte[] body) {
    return client.post(SERVICE + method, withContentType(headers)).data(body, true);
  }

  private static Map<String, String> withContentType(Map<String, String> headers) {
    Map<String, String> all = new HashMap<>(headers);
    all.put("content-type", "application/grpc");
    all.put("te", "trailers");
    return all;
  }
}
