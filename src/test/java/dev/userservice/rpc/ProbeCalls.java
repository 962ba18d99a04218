package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawClient.Answer;
import dev.userservice.rpc.RawClient.RawCall;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/**
 * A server, and requests to it that no gRPC library sends: each call ends with its status, and its
 * connection stays usable.
 */
@Timeout(Waits.TEST_SECONDS)
abstract class ProbeCalls {

  static final int OK = 0;
  static final int INVALID_ARGUMENT = 3;
  static final int DEADLINE_EXCEEDED = 4;
  static final int RESOURCE_EXHAUSTED = 8;
  static final int UNIMPLEMENTED = 12;
  static final int INTERNAL = 13;

  static final String SERVICE = "/users.v1.UserService/";
  static final MessageLite GET = Requests.get(1);

  /** The four kinds of call, each with a message that it accepts. */
  enum Kind {
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

  static RunningServer server;
  RawClient client;

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
    assertNoUserWasCreated(server);
  }

  static void assertNoUserWasCreated(RunningServer server) {
    assertThat(server.blocking().listUsers(Requests.list(0, 0)))
        .as("no user was created")
        .toIterable()
        .hasSize(5);
  }

  static void assertAnswer(Answer answer, int status, String message) {
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

  static RawCall call(RawClient client, String method, Map<String, String> headers, byte[] body) {
    return client.post(SERVICE + method, withContentType(headers)).data(body, true);
  }

  static Map<String, String> withContentType(Map<String, String> headers) {
    Map<String, String> all = new HashMap<>(headers);
    all.put("content-type", "application/grpc");
    all.put("te", "trailers");
    return all;
  }
}
