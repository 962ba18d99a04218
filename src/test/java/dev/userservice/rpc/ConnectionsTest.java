package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawClient.RawCall;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2SettingsFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Flooding, idle and dead connections are closed, and the server continues to serve. */
@Timeout(Waits.TEST_SECONDS)
class ConnectionsTest {

  private static final int FLOOD = 3_000;
  private static final Map<String, String> GRPC = Map.of("content-type", "application/grpc");

  private RunningServer server;

  @AfterEach
  void stop() {
    assertThat(server.blocking().getUser(Requests.get(1)).getName()).isEqualTo("Alice Johnson");
    server.close();
  }

  private void start(JsonObject config) {
    server = RunningServer.start(1, config);
  }

  @Test
  void pings_inAFlood() throws Exception {
    start(new JsonObject());
    flood(() -> new DefaultHttp2PingFrame(1));
  }

  @Test
  void settings_inAFlood() throws Exception {
    start(new JsonObject());
    flood(() -> new DefaultHttp2SettingsFrame(new Http2Settings().initialWindowSize(70_000)));
  }

  @Test
  void unknownFrames_inAFlood() throws Exception {
    start(new JsonObject());
    assertClosedAfter(many(FLOOD, rawFrame(0x77, 0, 0, new byte[0])));
  }

  private void flood(Supplier<Object> frames) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      answered(client);
      for (int i = 0; i < FLOOD; i++) {
        client.connection().write(frames.get());
      }
      client.connection().flush();
      assertThat(client.awaitClosed()).as("closed").isTrue();
    }
  }

  @Test
  void priorities_inAFlood() throws Exception {
    start(new JsonObject());
    assertClosedAfter(many(FLOOD, rawFrame(2, 0, 1, new byte[] {0, 0, 0, 0, 16})));
  }

  @Test
  void emptyContinuations_inAFlood() throws Exception {
    start(new JsonObject());
    byte[] begun = rawFrame(1, 0, 1, new byte[0]);
    assertClosedAfter(Frames.join(begun, many(FLOOD, rawFrame(9, 0, 1, new byte[0]))));
  }

  @Test
  void fewControlFrames_areAccepted() throws Exception {
    start(new JsonObject());
    try (RawClient client = new RawClient(server.port())) {
      for (int i = 0; i < 100; i++) {
        client.connection().writeAndFlush(new DefaultHttp2PingFrame(i));
      }
      answered(client);
    }
  }

  @Test
  void resets_ofAnHonestClientAndOfAFlood() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("resetsPerSecond", 50)));
    try (RawClient client = new RawClient(server.port())) {
      resets(client, 400);
      answered(client);
      resets(client, 200);
      assertThat(client.awaitClosed()).as("closed after 500 resets in 10 seconds").isTrue();
    }
  }

  private static void resets(RawClient client, int count) throws Exception {
    for (int i = 0; i < count && client.connection().isActive(); i++) {
      try {
        client.post("/users.v1.UserService/StreamUsers", GRPC).reset();
      } catch (Exception closed) {
        return;
      }
    }
  }

  @Test
  void connections_pastTheLimit() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("connections", 2)));
    RawClient first = new RawClient(server.port());
    try (RawClient second = new RawClient(server.port())) {
      answered(first);
      answered(second);
      try (RawClient third = new RawClient(server.port())) {
        assertThat(third.awaitClosed()).isTrue();
      }
      answered(second);
    }
    first.close();
    // The server may notice the close a little later.
    Waits.until("a connection is closed", () -> server.openConnections() <= 1);
  }

  @Test
  void silentConnections_count_untilTheyAreClosed() throws Exception {
    JsonObject limits = new JsonObject().put("connections", 2).put("silentMillis", 2_000);
    start(new JsonObject().put("limits", limits));
    try (Socket silent = new Socket("127.0.0.1", server.port());
        Socket begun = new Socket("127.0.0.1", server.port())) {
      begun.getOutputStream().write("PRI * HT".getBytes(StandardCharsets.US_ASCII));
      Waits.until("both are accepted", () -> server.openConnections() == 2);
      try (RawClient third = new RawClient(server.port())) {
        assertThat(third.awaitClosed()).isTrue();
      }

      for (Socket socket : List.of(silent, begun)) {
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Waits.SECONDS));
        assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
      }
    }
    try (RawClient speaking = new RawClient(server.port())) {
      answered(speaking);
    }
  }

  @Test
  void connectionThatSpokeHttp_mayBeSilent() throws Exception {
    JsonObject limits = new JsonObject().put("silentMillis", 100);
    start(new JsonObject().put("limits", limits));
    try (RawClient quiet = new RawClient(server.port())) {
      answered(quiet);
      try (Socket silent = new Socket("127.0.0.1", server.port())) {
        assertThat(silent.getInputStream().read()).as("the end of a later one").isEqualTo(-1);
      }
      answered(quiet);
    }
  }

  @Test
  void idleConnection_isClosedAndABusyOneIsNot() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("idleMillis", 300)));
    try (RawClient busy = new RawClient(server.port());
        RawClient idle = new RawClient(server.port())) {
      RawCall chat = busy.post("/users.v1.UserService/StreamUsers", GRPC);
      answered(idle);

      assertThat(idle.awaitClosed()).isTrue();
      chat.data(frame(Requests.says(1, "still here")), true);
      assertThat(chat.answer().grpcStatus()).isZero();
    }
  }

  @Test
  void deadPeer_isFoundByPing() throws Exception {
    start(
        new JsonObject()
            .put(
                "keepalive",
                new JsonObject().put("intervalMillis", 300).put("timeoutMillis", 2_000)));
    // Sends the preface and then nothing more, not even the answer to a PING.
    assertClosedAfter(new byte[0]);
  }

  @Test
  void peerThatSendsNothing_isClosed() throws Exception {
    start(
        new JsonObject()
            .put("limits", new JsonObject().put("idleMillis", 300))
            .put(
                "keepalive",
                new JsonObject().put("intervalMillis", 100).put("timeoutMillis", 100)));
    try (Socket silent = new Socket("127.0.0.1", server.port())) {
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void headers_thatAreTooLarge() throws Exception {
    start(new JsonObject());
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    // HPACK (RFC 7541): POST and http from the static table, then a literal of 9,000 letters.
    block.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, 0, 1, 'x', 0x7f, (byte) 0xa9, 0x45});
    block.writeBytes("y".repeat(9_000).getBytes(StandardCharsets.US_ASCII));
    try (Socket socket = connect()) {
      socket.getOutputStream().write(rawFrame(1, 5, 1, block.toByteArray()));
      DataInputStream in = new DataInputStream(socket.getInputStream());
      int type;
      byte[] payload;
      do {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        type = in.readUnsignedByte();
        in.readNBytes(5);
        payload = in.readNBytes(length);
      } while (type != 1);
      assertThat(new String(payload, StandardCharsets.ISO_8859_1)).contains("431");
    }
  }

  private static void answered(RawClient client) throws Exception {
    RawCall call = client.post("/users.v1.UserService/GetUser", GRPC);
    call.data(frame(Requests.get(1)), true);
    assertThat(call.answer().grpcStatus()).isZero();
  }

  /** A socket for raw bytes, with the preface and SETTINGS already sent. */
  private Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", server.port());
    OutputStream out = socket.getOutputStream();
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    out.write(rawFrame(4, 0, 0, new byte[0]));
    return socket;
  }

  private void assertClosedAfter(byte[] bytes) throws IOException {
    try (Socket socket = connect()) {
      try {
        socket.getOutputStream().write(bytes);
        InputStream in = socket.getInputStream();
        while (in.read() >= 0) {
          // Only the end of the connection matters, not the bytes before it.
        }
      } catch (SocketException reset) {
        assertThat(reset).hasMessageMatching("(?i).*(reset|broken pipe|abort).*");
      }
    }
  }

  private static byte[] many(int count, byte[] frame) {
    ByteBuffer all = ByteBuffer.allocate(count * frame.length);
    for (int i = 0; i < count; i++) {
      all.put(frame);
    }
    return all.array();
  }

  private static byte[] rawFrame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }
}
