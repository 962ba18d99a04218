package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.Issuer;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.rpc.RawSocket.Frame;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls over WebSockets, by the client of the JDK and by one that sends any frames. */
@Timeout(Waits.TEST_SECONDS)
class SocketTest {

  /** More than the sockets of both ends buffer. */
  private static final int MANY_USERS = 100_000;

  private static final int BATCH = 10_000;

  private RunningServer server;

  private void start(JsonObject config) {
    server = RunningServer.start(1, config);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void awaitNothingOpen() {
    Waits.until("calls and members over", () -> server.openCallsAndMembers() == 0);
    Waits.until("connections closed", () -> server.openConnections() == 0);
  }

  @Test
  void everyKind_inJson() throws Exception {
    start(new JsonObject());

    assertThat(call("GetUser", "start", "{\"user_id\":1}", "end"))
        .satisfiesExactly(
            user -> assertThat(user).contains("\"name\":\"Alice Johnson\""),
            end -> assertThat(end).isEqualTo("end {}"));
    assertThat(call("ListUsers", "start {}", "{\"limit\":3}", "end")).hasSize(4);
    assertThat(
            call(
                "BatchCreateUsers",
                "start",
                "{\"name\":\"A\",\"email\":\"a@example.com\",\"age\":1}",
                "{\"name\":\"B\",\"email\":\"b@example.com\",\"age\":1}",
                "end"))
        .containsExactly("{\"users_created\":2,\"user_ids\":[6,7]}", "end {}");
    assertThat(call("StreamUsers", "start", "{\"user_id\":1,\"message\":\"hello\"}", "end"))
        .satisfiesExactly(
            said -> assertThat(said).contains(": hello"),
            end -> assertThat(end).isEqualTo("end {}"));
    awaitNothingOpen();
  }

  private List<String> call(String method, String... texts) throws Exception {
    try (RawSocket socket = new RawSocket(server.port(), method)) {
      for (String text : texts) {
        socket.text(text);
      }
      List<Frame> frames = socket.rest();
      assertThat(frames.get(frames.size() - 1).closeCode()).isEqualTo(WebSocket.NORMAL_CLOSURE);
      return frames.subList(0, frames.size() - 1).stream().map(Frame::text).toList();
    }
  }

  @Test
  void unary_inProtobuf() throws Exception {
    start(new JsonObject());
    try (RawSocket socket = new RawSocket(server.port(), "GetUser")) {
      socket.text("start {\"format\":\"proto\"}").binary(Requests.get(2).toByteArray()).text("end");

      List<Frame> frames = socket.rest();

      assertThat(frames).extracting(Frame::type).containsExactly(2, 1, 8);
      assertThat(UserResponse.parseFrom(frames.get(0).payload()).getName()).isEqualTo("Bob Smith");
    }
  }

  @Test
  void failure_hasReadableDetails() throws Exception {
    start(new JsonObject());
    try (RawSocket socket = new RawSocket(server.port(), "GetUser")) {
      JsonObject error = socket.text("start").text("{\"user_id\":42}").text("end").error();

      assertThat(error.getString("code")).isEqualTo("not_found");
      assertThat(error.getJsonArray("details").encode()).contains("\"reason\":\"USER_NOT_FOUND\"");
    }
  }

  /** Each member hears what the other says while both sockets are open. */
  @Test
  void chat_ofTwo_andACallerThatDisappears() throws Exception {
    start(new JsonObject());
    try (RawSocket ann = new RawSocket(server.port(), "StreamUsers");
        RawSocket bob = new RawSocket(server.port(), "StreamUsers")) {
      ann.text("start").text("{\"user_id\":1,\"message\":\"one\"}");
      assertThat(ann.read().text()).contains(": one");
      bob.text("start").text("{\"user_id\":2,\"message\":\"two\"}");
      assertThat(bob.read().text()).contains(": two");
      assertThat(ann.read().text()).contains("two");

      bob.close();
      Waits.until("one member and one call", () -> server.openCallsAndMembers() == 2);
      ann.text("end");

      assertThat(ann.rest()).extracting(Frame::text).startsWith("end {}");
    }
    awaitNothingOpen();
  }

  @Test
  void deadline() throws Exception {
    start(new JsonObject());
    try (RawSocket socket = new RawSocket(server.port(), "StreamUsers")) {
      JsonObject error = socket.text("start {\"timeout_ms\":50}").error();

      assertThat(error.getString("code")).isEqualTo("deadline_exceeded");
      assertThat(error.getString("message")).endsWith("within the timeout_ms of 50");
    }
    awaitNothingOpen();
  }

  /** The JDK's client reads on demand only. */
  @Test
  void slowReader_isWaitedFor() throws Exception {
    start(new JsonObject());
    for (int first = 0; first < MANY_USERS; first += BATCH) {
      int from = first;
      batch(IntStream.range(0, BATCH).mapToObj(i -> user(from + i)).toList());
    }
    Received received = new Received();
    WebSocket socket = connect("ListUsers", received);
    socket.sendText("start", true).join();
    socket.sendText("{}", true).join();
    socket.sendText("end", true).join();

    assertThat(received.texts.poll(200, TimeUnit.MILLISECONDS)).as("not asked for").isNull();
    assertThat(server.openCallsAndMembers()).as("the call waits for its reader").isEqualTo(1);

    int users = 0;
    for (String text = received.next(socket);
        !text.equals("end {}");
        text = received.next(socket)) {
      users++;
    }
    assertThat(users).isEqualTo(MANY_USERS + 5);
  }

  private static String user(int number) {
    return "{\"name\":\"User\",\"email\":\"user%d@example.com\",\"age\":1}".formatted(number);
  }

  private void batch(List<String> users) throws Exception {
    try (RawSocket socket = new RawSocket(server.port(), "BatchCreateUsers")) {
      socket.text("start");
      for (String user : users) {
        socket.text(user);
      }
      assertThat(socket.text("end").rest()).hasSize(3);
    }
  }

  private WebSocket connect(String method, WebSocket.Listener listener) throws Exception {
    URI uri =
        URI.create("ws://127.0.0.1:%d/users.v1.UserService/%s".formatted(server.port(), method));
    return HttpClient.newHttpClient()
        .newWebSocketBuilder()
        .buildAsync(uri, listener)
        .get(Waits.SECONDS, TimeUnit.SECONDS);
  }

  /** Asks for one part of a message at a time. */
  private static final class Received implements WebSocket.Listener {

    private final LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public void onOpen(WebSocket socket) {}

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        texts.add(text.toString());
        text.setLength(0);
      } else {
        socket.request(1);
      }
      return null;
    }

    String next(WebSocket socket) throws Exception {
      socket.request(1);
      String next = texts.poll(Waits.SECONDS, TimeUnit.SECONDS);
      assertThat(next).isNotNull();
      return next;
    }
  }

  @Test
  void stop_endsChatsAndSocketsWithoutACall() throws Exception {
    start(new JsonObject().put("drainTimeoutMillis", 10_000));
    try (RawSocket chat = new RawSocket(server.port(), "StreamUsers");
        RawSocket silent = new RawSocket(server.port(), "GetUser")) {
      chat.text("start").text("{\"user_id\":1,\"message\":\"one\"}").read();

      var closed = server.vertx().close();

      JsonObject error = chat.error();
      assertThat(error.getString("code")).isEqualTo("unavailable");
      assertThat(error.getJsonArray("details").encode()).contains("SHUTTING_DOWN");
      assertThat(silent.rest()).extracting(Frame::closeCode).containsExactly(1001);
      chat.awaitEnd();
      silent.awaitEnd();
      closed.await(Waits.SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void maximumAge_endsTheCall() throws Exception {
    JsonObject limits =
        new JsonObject().put("connectionAgeMillis", 200).put("connectionAgeGraceMillis", 50);
    start(new JsonObject().put("limits", limits));
    try (RawSocket chat = new RawSocket(server.port(), "StreamUsers")) {
      JsonObject error = chat.text("start").error();

      assertThat(error.getString("code")).isEqualTo("unavailable");
      assertThat(error.getJsonArray("details").encode()).contains("CONNECTION_TOO_OLD");
    }
    awaitNothingOpen();
  }

  /** A call may be silent for longer than a connection may be idle. */
  @Test
  void idleTime_doesNotEndACall() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("idleMillis", 100)));
    try (RawSocket chat = new RawSocket(server.port(), "StreamUsers")) {
      chat.text("start {\"timeout_ms\":1000}");

      assertThat(chat.error().getString("code")).isEqualTo("deadline_exceeded");
    }
  }

  @Test
  void token_isInTheStart(@TempDir Path folder) throws Exception {
    Issuer issuer = Issuer.make();
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("users:all"));
    start(
        new JsonObject()
            .put("auth", issuer.auth(folder, rights))
            .put("limits", new JsonObject().put("unauthenticatedConnections", 3)));
    String token = "start {\"metadata\":{\"authorization\":\"Bearer %s\"}}";

    assertThat(
            call("GetUser", token.formatted(issuer.token("users:all")), "{\"user_id\":1}", "end"))
        .hasSize(2);
    try (RawSocket socket = new RawSocket(server.port(), "GetUser")) {
      JsonObject error = socket.text(token.formatted("x")).text("{\"user_id\":1}").error();
      assertThat(error.getString("code")).isEqualTo("unauthenticated");
    }
    try (RawSocket eldest = new RawSocket(server.port(), "GetUser");
        RawSocket second = new RawSocket(server.port(), "GetUser");
        RawSocket third = new RawSocket(server.port(), "GetUser");
        RawSocket fourth = new RawSocket(server.port(), "GetUser")) {
      eldest.awaitEnd();
      assertThat(List.of(second, third, fourth))
          .allSatisfy(s -> s.whole(RawSocket.PING, new byte[0]));
      assertThat(fourth.read().type()).isEqualTo(RawSocket.PONG);
    }
    awaitNothingOpen();
  }

  @Test
  void switchedOff() throws Exception {
    start(new JsonObject().put("web", new JsonObject().put("socket", false)));

    assertThatThrownBy(() -> connect("StreamUsers", new WebSocket.Listener() {}))
        .rootCause()
        .hasMessageContaining("405");
    assertThat(new RawSocket(server.port(), "StreamUsers").head()).startsWith("HTTP/1.1 405");
  }
}
