package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.LogLines;
import dev.userservice.kit.RunningServer;
import dev.userservice.operations.AccessLog;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Callers that send many requests, do not read the answers, and disconnect. */
class LostCallersTest {

  private static final String METHOD = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

  /** A request whose answer has many kilobytes: the files of the contract. */
  private static final String REQUEST = "{\"fileContainingSymbol\":\"users.v1.UserService\"}";

  /** With answers that are larger than all buffers of a connection. */
  private static final int REQUESTS = 2_000;

  @Test
  void webSocket_requestsThatWaitForItsReader_areDropped() throws Exception {
    try (LogLines ended = LogLines.of(AccessLog.class.getName());
        RunningServer server = RunningServer.start(1, new JsonObject().put("accessLog", true))) {
      try (RawSocket caller = new RawSocket(server.port(), METHOD)) {
        caller.write(requests());
        assertThat(caller.read().text()).as("the first answer").startsWith("{");
      }
      ended.await(METHOD);

      Matcher line =
          Pattern.compile("CANCELLED \\d+ ms, (\\d+) in").matcher(ended.messages().get(0));
      assertThat(line.find()).as("%s", ended.messages()).isTrue();
      assertThat(Integer.parseInt(line.group(1)))
          .as("the requests that were answered")
          .isBetween(1, REQUESTS - 1);
    }
  }

  /** All in one write, so that many arrive before the first answers are sent. */
  private static byte[] requests() {
    byte[] request = text(REQUEST);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(text("start"));
    for (int i = 0; i < REQUESTS; i++) {
      all.writeBytes(request);
    }
    return all.toByteArray();
  }

  private static byte[] text(String text) {
    return RawSocket.encoded(RawSocket.TEXT, text.getBytes(StandardCharsets.US_ASCII), true);
  }
}
