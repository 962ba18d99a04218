package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.ListUsersRequest;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests behind an open one wait, and a client that disconnects meanwhile is noticed. */
class PipeliningTest {

  private static final byte[] GET_USER = request("users.v1.UserService/GetUser", Requests.get(1));
  private static final byte[] LIST_USERS =
      request("users.v1.UserService/ListUsers", ListUsersRequest.getDefaultInstance());
  private static final byte[] WATCH = request("grpc.health.v1.Health/Watch", Requests.says(0, ""));

  /** The end of a successful answer. */
  private static final String STATUS = "grpc-status:0\r\n";

  private RunningServer server;

  @BeforeEach
  void start() {
    server = RunningServer.start(1, new JsonObject());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void requestsOneAfterTheOther() throws Exception {
    try (Socket socket = connect()) {
      for (int i = 0; i < 3; i++) {
        socket.getOutputStream().write(GET_USER);
        assertThat(readUntil(socket.getInputStream(), STATUS)).contains("Alice Johnson");
      }
    }
  }

  @Test
  void requestsAtOnce_areAnsweredInOrder() throws Exception {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(Frames.join(LIST_USERS, GET_USER, LIST_USERS, GET_USER));
      for (int i = 0; i < 2; i++) {
        assertThat(readUntil(socket.getInputStream(), STATUS)).contains("Eve Wilson");
        assertThat(readUntil(socket.getInputStream(), STATUS))
            .contains("Alice Johnson")
            .doesNotContain("Eve Wilson");
      }
    }
  }

  @Test
  void clientBehindAnOpenCall_disconnects() throws Exception {
    for (int i = 0; i < 10; i++) {
      try (Socket socket = connect()) {
        socket.getOutputStream().write(WATCH);
        readUntil(socket.getInputStream(), "HTTP/1.1 200 OK");
        byte[][] waiting = new byte[200][];
        Arrays.fill(waiting, GET_USER);
        socket.getOutputStream().write(Frames.join(waiting));
      }
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    while (server.openConnections() + server.openCallsAndMembers() > 0) {
      assertThat(System.nanoTime()).as("still open").isLessThan(end);
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }

  private Socket connect() throws Exception {
    Socket socket = new Socket("127.0.0.1", server.port());
    socket.setSoTimeout(Waits.MILLIS);
    return socket;
  }

  private static String readUntil(InputStream in, String end) throws Exception {
    StringBuilder read = new StringBuilder();
    while (read.indexOf(end) < 0) {
      int octet = in.read();
      assertThat(octet).as("the end of the connection, after " + read).isNotNegative();
      read.append((char) octet);
    }
    return read.toString();
  }

  private static byte[] request(String method, MessageLite message) {
    byte[] body = Frames.frame(message);
    String head =
        "POST /%s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/grpc-web+proto\r\n"
                .formatted(method)
            + "content-length: %d\r\n\r\n".formatted(body.length);
    return Frames.join(head.getBytes(StandardCharsets.ISO_8859_1), body);
  }
}
