package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An upgrade to HTTP/2 that Vert.x would refuse, and keep, is answered over HTTP/1.1. */
@TestInstance(Lifecycle.PER_CLASS)
class UpgradeGuardTest {

  private static final String ANSWERED = "HTTP/1.1 415 Unsupported Media Type";
  private static final String UNEXPECTED = "HTTP/1.1 417 Expectation Failed";
  private static final String HOSTS = "HTTP/1.1 400 Bad Request";
  private static final String UPGRADED = "HTTP/1.1 101 Switching Protocols";

  private RunningServer server;

  @BeforeAll
  void start() {
    server = RunningServer.start(1, new JsonObject());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  static Stream<Arguments> requests() {
    String upgrade = "upgrade: h2c\r\n";
    String connection = "connection: Upgrade, HTTP2-Settings\r\n";
    String settings = "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    return Stream.of(
        Arguments.of(upgrade + connection + settings, UPGRADED),
        Arguments.of(upgrade + connection + settings + "content-length: 0\r\n", UPGRADED),
        Arguments.of(upgrade + connection + settings + "content-length: 5\r\n", ANSWERED),
        Arguments.of(upgrade + connection + settings + "transfer-encoding: chunked\r\n", ANSWERED),
        Arguments.of(upgrade + "transfer-encoding: chunked\r\n", ANSWERED),
        Arguments.of(upgrade + settings, ANSWERED),
        Arguments.of(upgrade + connection, ANSWERED),
        Arguments.of(upgrade + "connection: Upgrade\r\n" + settings, ANSWERED),
        Arguments.of(upgrade + connection + settings + "expect: x\r\n", UNEXPECTED),
        Arguments.of(upgrade + connection + settings + "host: localhost\r\n", HOSTS),
        Arguments.of("", ANSWERED));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void upgrade(String headers, String expected) throws Exception {
    String request = "POST /users.v1.UserService/GetUser HTTP/1.1\r\nhost: localhost\r\n" + headers;
    // In one write, and with each of the first bytes alone, which distinguish the two versions.
    for (int split : new int[] {0, 1, 2, 3}) {
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket.setSoTimeout(Waits.MILLIS);
        socket.setTcpNoDelay(true);
        byte[] bytes = (request + "\r\n").getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(bytes, 0, split);
        socket.getOutputStream().flush();
        socket.getOutputStream().write(bytes, split, bytes.length - split);

        assertThat(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine())
            .isEqualTo(expected);
      }
    }
  }
}
