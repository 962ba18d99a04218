package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.proto.UserResponse;
import dev.userservice.rpc.RawClient.RawCall;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A bad call ends alone: other calls of its connection continue. */
@TestInstance(Lifecycle.PER_CLASS)
class OddCallsTest {

  private static final String GET_USER = "/users.v1.UserService/GetUser";
  private static final Map<String, String> GRPC = Map.of("content-type", "application/grpc");
  private static final byte[] ALICE = frame(Requests.get(1));

  private RunningServer server;

  @BeforeAll
  void start() {
    server = RunningServer.start(1, new JsonObject());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  static Stream<Arguments> taken() {
    return Stream.of(
        Arguments.of("a space in front", head().add("x-a", " b")),
        Arguments.of("a tab behind", head().add("x-a", "b\t")),
        Arguments.of("nothing but spaces", head().add("x-a", "   ")),
        Arguments.of("te", head().add("te", "trailers, deflate")),
        Arguments.of("host beside authority", head().add("host", "another")),
        Arguments.of("empty authority", head().authority("")),
        Arguments.of("authority is a path", head().authority("/run/user.sock")),
        Arguments.of("authority is a target", head().authority("xds:///users")),
        Arguments.of("authority with a port too large", head().authority("a:99999")),
        Arguments.of("authority with a user", head().authority("me@host")),
        Arguments.of("authority in UTF-8", head().authority("\u00e4\u00f6")),
        Arguments.of("no authority", without(":authority")),
        Arguments.of("an odd host", without(":authority").add("host", "")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("taken")
  void oddCall_thatOtherServersAccept(String what, Http2Headers headers) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      RawCall other = client.post(GET_USER, GRPC);
      RawCall odd = client.open(headers, false).data(ALICE, true);

      assertThat(odd.answer().grpcStatus()).isZero();
      assertAnswered(other);
      assertAnswered(client.post(GET_USER, GRPC));
    }
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of("NUL in a value", head().add("x-a", "a\0b")),
        Arguments.of("LF in a value", head().add("x-a", "a\nb")),
        Arguments.of("CR in a value", head().add("x-a", "a\rb")),
        Arguments.of("upper-case name", head().add("X-A", "b")),
        Arguments.of("space in a name", head().add("x a", "b")),
        Arguments.of("connection", head().add("connection", "close")),
        Arguments.of("transfer-encoding", head().add("transfer-encoding", "chunked")),
        Arguments.of("unknown pseudo-header", head().add(":odd", "b")),
        Arguments.of("two paths", head().add(":path", GET_USER)),
        Arguments.of("pseudo-header of a response", head().add(":status", "200")),
        Arguments.of("no method", without(":method")),
        Arguments.of("no path", without(":path")),
        Arguments.of("no scheme", without(":scheme")),
        Arguments.of("a method that is not a token", head().method("P OST")),
        Arguments.of("wrong content-length", head().add("content-length", "1")),
        Arguments.of("content-length that is not a number", head().add("content-length", "x")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void oddCall_isRefusedAlone(String what, Http2Headers headers) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      RawCall other = client.post(GET_USER, GRPC);
      RawCall odd = client.open(headers, false).data(ALICE, false);

      assertThat(outcome(odd)).startsWith("no status, but reset");
      odd.data(ALICE, true);
      assertAnswered(other);
      assertAnswered(client.post(GET_USER, GRPC));
    }
  }

  static Stream<String> paths() {
    return Stream.of("?", "/?", "*", "//", "/".repeat(3_900), "/a/b?c=d", "/a".repeat(1_900));
  }

  @ParameterizedTest
  @MethodSource("paths")
  void oddPath_isAnUnknownMethod(String path) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      RawCall odd = client.post(path, GRPC).data(ALICE, true);

      assertThat(odd.answer().grpcStatus()).isEqualTo(12);
      assertThat(odd.answer().header("grpc-status-details-bin")).isNotNull();
      assertAnswered(client.post(GET_USER, GRPC));
    }
  }

  @Test
  void headersTooLarge_areRefusedAlone() throws Exception {
    try (RawFrames client = new RawFrames(server.port())) {
      client.send();
      client.next(RawFrames.SETTINGS);
      for (int stream : new int[] {1, 3}) {
        client
            .headers(stream, head().add("x-a", "a".repeat(stream == 1 ? 9_000 : 14_000)))
            .frame(RawFrames.DATA, RawFrames.END_STREAM, stream, ALICE);
      }
      client.headers(5, head()).frame(RawFrames.DATA, RawFrames.END_STREAM, 5, ALICE).send();

      assertAnswered(client, 5);
    }
  }

  @Test
  void calls_beforeTheLimitCanBeKnown() throws Exception {
    JsonObject few = new JsonObject().put("streamsPerConnection", 10);
    try (RunningServer small = RunningServer.start(1, new JsonObject().put("limits", few));
        RawFrames client = new RawFrames(small.port())) {
      for (int stream = 1; stream < 300; stream += 2) {
        client.headers(stream, head()).frame(RawFrames.DATA, RawFrames.END_STREAM, stream, ALICE);
      }
      client.send();
      for (int stream = 1; stream < 300; stream += 2) {
        assertAnswered(client, stream);
      }
    }
  }

  @Test
  void callsAboveTheLimit_areRefusedAlone() throws Exception {
    JsonObject few = new JsonObject().put("streamsPerConnection", 1);
    try (RunningServer small = RunningServer.start(1, new JsonObject().put("limits", few));
        RawFrames client = new RawFrames(small.port())) {
      client.frame(RawFrames.SETTINGS, RawFrames.ACK, 0, new byte[0]).send();
      client
          .headers(1, head())
          .headers(3, head())
          .frame(RawFrames.DATA, RawFrames.END_STREAM, 3, ALICE)
          .send();

      RawFrames.Frame reset = client.next(RawFrames.RST_STREAM);
      assertThat(reset.stream()).isEqualTo(3);
      assertThat(reset.number(0)).as("REFUSED_STREAM: it may be retried").isEqualTo(7);
      client.frame(RawFrames.DATA, RawFrames.END_STREAM, 1, ALICE).send();
      assertAnswered(client, 1);
    }
  }

  @Test
  void resetOfACallThatNeverBegan() throws Exception {
    try (RawFrames client = new RawFrames(server.port())) {
      client.send();
      client.next(RawFrames.SETTINGS);
      byte[] cancel = {0, 0, 0, 8};
      client
          .frame(RawFrames.RST_STREAM, 0, 1, cancel)
          .headers(3, head())
          .frame(RawFrames.DATA, RawFrames.END_STREAM, 3, ALICE)
          .send();

      assertAnswered(client, 3);
    }
  }

  /** Reads until a call has its trailers; fails when the connection ends. */
  private static void assertAnswered(RawFrames client, int stream) throws Exception {
    RawFrames.Frame frame = client.next();
    while (frame.stream() != stream || !frame.has(RawFrames.END_STREAM)) {
      assertThat(frame.type()).isNotEqualTo(RawFrames.GOAWAY);
      frame = client.next();
    }
    assertThat(frame.type()).isEqualTo(RawFrames.HEADERS);
  }

  @Test
  void halfCloseAndResetInOneWrite() throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      RawCall other = client.post(GET_USER, GRPC);
      for (int i = 0; i < 100; i++) {
        RawCall cancelled = client.post(GET_USER, GRPC);
        cancelled.stream()
            .eventLoop()
            .submit(
                () -> {
                  cancelled.data(ALICE, true);
                  cancelled.reset();
                })
            .sync();
      }
      assertAnswered(other);
      assertAnswered(client.post(GET_USER, GRPC));
    }
  }

  @Test
  void request_thatIsNeverComplete() throws Exception {
    JsonObject quick = new JsonObject().put("requestMillis", 200);
    try (RunningServer hasty = RunningServer.start(1, new JsonObject().put("limits", quick));
        RawClient client = new RawClient(hasty.port())) {
      RawCall silent = client.post(GET_USER, GRPC);
      RawCall halfway =
          client.post("/users.v1.UserService/ListUsers", GRPC).data(new byte[3], false);
      RawCall chat = client.post("/users.v1.UserService/StreamUsers", GRPC);

      assertThat(silent.answer().grpcStatus()).isEqualTo(4);
      assertThat(silent.answer().message()).isEqualTo("the request was not complete within 200 ms");
      assertThat(halfway.answer().grpcStatus()).isEqualTo(4);
      assertThat(chat.data(new byte[0], true).answer().grpcStatus())
          .as("a stream has no time limit")
          .isZero();
    }
  }

  private static void assertAnswered(RawCall call) throws Exception {
    RawClient.Answer answer = call.data(ALICE, true).answer();
    assertThat(answer.grpcStatus()).isZero();
    byte[] message = Arrays.copyOfRange(answer.body(), 5, answer.body().length);
    assertThat(UserResponse.parseFrom(message).getName()).isEqualTo("Alice Johnson");
  }

  private static String outcome(RawCall call) throws Exception {
    try {
      return "status " + call.answer().httpStatus();
    } catch (ExecutionException failed) {
      return failed.getCause().getMessage();
    }
  }

  private static Http2Headers head() {
    return new DefaultHttp2Headers(false)
        .method("POST")
        .path(GET_USER)
        .scheme("http")
        .authority("test")
        .add("content-type", "application/grpc");
  }

  private static Http2Headers without(String name) {
    Http2Headers head = head();
    head.remove(name);
    return head;
  }
}
