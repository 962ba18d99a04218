package dev.userservice.client;

import static dev.userservice.client.ForeignServer.alice;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.userservice.kit.Demo;
import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A foreign server: correct answers pass; each wrong one is found and explained. */
class WrongAnswersTest {

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void correctAnswers_pass_withADeadlineOnTheWire_andTheConnectionIsClosed() throws Exception {
    try (ForeignServer server = new ForeignServer().start()) {
      Demo demo = Demo.run(vertx, Demo.config(server.port()));

      assertThat(demo.failure()).isNull();
      assertThat(server.timeout.get()).as("grpc-timeout").matches("\\d+[un]|\\d{4,5}m|10S");
      assertThat(server.disconnected.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void warmUpCall_mayFail() throws Exception {
    try (ForeignServer server = new ForeignServer().start()) {
      Demo demo = Demo.run(vertx, Demo.config(server.port(), "get"));

      assertThat(demo.failure()).isNull();
      // The first is the warm-up, which this server does not implement.
      assertThat(server.called)
          .containsExactly("grpc.health.v1.Health/Check", "users.v1.UserService/GetUser");
      assertThat(demo.shown()).doesNotContain("Health").endsWith("1/1 scenarios passed\n");
    }
  }

  @Test
  void get_ofAnotherUser() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
            answer(out, alice(2));
          }
        };

    assertThat(failure(server, "get"))
        .isEqualTo("scenario 1 (get) failed: expected the user with id 1, but got 2");
  }

  @Test
  void get_withoutATime() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
            answer(out, alice(1).toBuilder().setCreatedAt("yesterday").build());
          }
        };

    assertThat(failure(server, "get"))
        .contains("expected created_at of user 1 as a time in UTC", "but got \"yesterday\"");
  }

  @Test
  void get_withAMessageAboveTheLimit() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
            answer(out, alice(1).toBuilder().setName("x".repeat(300_000)).build());
          }
        };

    assertThat(failure(server, "get"))
        .isEqualTo("scenario 1 (get) failed: RESOURCE_EXHAUSTED: a message is larger than 256 KiB");
  }

  @Test
  void get_thatIsNeverAnswered() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {}
        };

    assertThat(failureWithin(300, server, "get"))
        .matches("scenario 1 \\(get\\) failed: DEADLINE_EXCEEDED: did not complete within 300 ms");
  }

  @Test
  void create_ofAnotherUser_failsAlone() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {
            answer(out, user(6, "Jane Doe", request.getEmail(), 32));
          }
        };

    Demo demo = run(server, 10_000, "get", "create", "list");

    assertThat(demo.failure())
        .isEqualTo(
            "scenario 2 (create) failed: expected John Doe, john.doe@example.com, 32, but got Jane Doe, john.doe@example.com, 32");
    assertThat(demo.shown()).contains("3. ListUsers", "2/3 scenarios passed");
  }

  @Test
  void create_withAnotherStatus_isShownWithItsDetails_andControlCharactersEscaped()
      throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {
            ErrorInfo info = ErrorInfo.newBuilder().setReason("NO").setDomain("d").build();
            out.onError(
                StatusProto.toStatusRuntimeException(
                    com.google.rpc.Status.newBuilder()
                        .setCode(7)
                        .setMessage("not for Zo\u00eb\u001b[2J")
                        .addDetails(Any.pack(info))
                        .build()));
          }
        };

    Demo demo = run(server, 10_000, "create");

    assertThat(demo.failure())
        .isEqualTo("scenario 1 (create) failed: PERMISSION_DENIED: not for Zo\u00eb\\u001b[2J");
    assertThat(demo.shown())
        .contains("<- PERMISSION_DENIED: not for Zo\u00eb\\u001b[2J", "ErrorInfo: NO of d");
  }

  @Test
  void list_inTheWrongOrder() throws Exception {
    assertThat(failure(listing(alice(1), alice(3), alice(2)), "list"))
        .endsWith("expected ids that increase from 1, but got [1, 3, 2]");
  }

  @Test
  void list_ofNoUsers() throws Exception {
    assertThat(failure(listing(), "list")).contains("expected 1 to 3 users, but got none");
  }

  @Test
  void list_withoutEnd() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {
            ServerCallStreamObserver<UserResponse> stream =
                (ServerCallStreamObserver<UserResponse>) out;
            stream.setOnCancelHandler(() -> {});
            for (int id = 1; id < 100; id++) {
              out.onNext(alice(id));
            }
          }
        };

    Demo demo = run(server, 10_000, "list");

    assertThat(demo.failure()).endsWith("expected 1 to 3 users, but got more");
    assertThat(demo.shown().lines().filter(line -> line.contains("<-"))).hasSize(4);
  }

  @Test
  void list_cutByAStatus() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {
            out.onNext(alice(1));
            out.onError(Status.DATA_LOSS.withDescription("disk gone").asException());
          }
        };

    assertThat(failure(server, "list")).isEqualTo("scenario 1 (list) failed: DATA_LOSS: disk gone");
  }

  @Test
  void batch_withWrongIds() throws Exception {
    assertThat(failure(batching(2, 7, 8), "batch"))
        .endsWith("expected 3 users created, and 3 ids, but got 2, and ids [7, 8]");
    assertThat(failure(batching(3, 7, 7, 8), "batch"))
        .endsWith("expected ids that increase from 1, but got [7, 7, 8]");
  }

  @Test
  void chat_answeredWrongly() throws Exception {
    assertThat(failure(chatting(0, "Server received: something else"), "chat"))
        .endsWith(
            "expected \"Server received: Hello, server!\" from user 0, but got \"Server received: something else\"");
  }

  @Test
  void chat_whereOthersSpeakBeforeTheAnswer_passes() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          void chat(UserMessage message, StreamObserver<UserMessage> out) {
            out.onNext(said(1, message.getMessage()));
            out.onNext(said(7, "Server received: nothing"));
            // The message of a client that leaves out user_id.
            out.onNext(said(0, "Good evening"));
            super.chat(message, out);
          }
        };

    Demo demo = run(server, 10_000, "chat");

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown().lines().filter(line -> line.contains("<-"))).hasSize(12);
  }

  @Test
  void chat_answeredByAnotherCaller_isNotAnswered() throws Exception {
    assertThat(failureWithin(300, chatting(5, "Server received: Hello, server!"), "chat"))
        .matches(
            ".*expected \"Server received: Hello, server!\" from user 0, but DEADLINE_EXCEEDED: did not complete within 300 ms");
  }

  @Test
  void chat_cutAfterTheFirstAnswer() throws Exception {
    ForeignServer server =
        new ForeignServer() {
          @Override
          void chat(UserMessage message, StreamObserver<UserMessage> out) {
            super.chat(message, out);
            out.onCompleted();
          }
        };

    assertThat(failure(server, "chat"))
        .matches(
            ".*expected \"Server received: How are you\\?\" from user 0, but the chat (had ended before|ended without it)");
  }

  private static ForeignServer listing(UserResponse... users) {
    return new ForeignServer() {
      @Override
      public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {
        answer(out, users);
      }
    };
  }

  private static ForeignServer batching(int created, Integer... ids) {
    return new ForeignServer() {
      @Override
      BatchCreateResponse batch() {
        return BatchCreateResponse.newBuilder()
            .setUsersCreated(created)
            .addAllUserIds(List.of(ids))
            .build();
      }
    };
  }

  private static ForeignServer chatting(int userId, String text) {
    return new ForeignServer() {
      @Override
      void chat(UserMessage message, StreamObserver<UserMessage> out) {
        out.onNext(said(userId, text));
      }
    };
  }

  private String failure(ForeignServer server, String... scenarios) throws Exception {
    return run(server, 10_000, scenarios).failure();
  }

  private String failureWithin(int deadlineMillis, ForeignServer server, String... scenarios)
      throws Exception {
    return run(server, deadlineMillis, scenarios).failure();
  }

  private Demo run(ForeignServer server, int deadlineMillis, String... scenarios) throws Exception {
    try (server) {
      server.start();
      Demo demo =
          Demo.run(
              vertx, Demo.config(server.port(), scenarios).put("deadlineMillis", deadlineMillis));
      assertThat(demo.shown()).contains("scenarios passed").doesNotContain("\u001b");
      return demo;
    }
  }
}
