package dev.userservice.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.userservice.config.ClientConfig;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc.UserServiceImplBase;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client against our server, and against grpc-java servers that answer wrongly. */
class ScenarioRunTest {

  private final Vertx vertx = Vertx.vertx();
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private Server wrong;

  @AfterEach
  void stop() {
    if (wrong != null) {
      wrong.shutdownNow();
    }
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void ourServer_firstAndSecondRun() {
    try (RunningServer server = RunningServer.start()) {
      assertThat(run(server.port(), new JsonObject())).isNull();
      assertThat(shown())
          .contains("\"name\":\"Alice Johnson\"", "\"user_ids\":[7,8,9]")
          .contains("{\"user_id\":0,\"message\":\"Server received: Goodbye!\"")
          .doesNotContain("ALREADY_EXISTS")
          .endsWith("5/5 scenarios passed\n");

      assertThat(run(server.port(), new JsonObject())).isNull();
      assertThat(shown())
          .contains("ALREADY_EXISTS: email john.doe@example.com belongs to another user")
          .contains("BadRequest: items[0].email belongs to another user")
          .contains("ErrorInfo: EMAIL_TAKEN of userservice.dev")
          .endsWith("5/5 scenarios passed\n");
    }
  }

  @Test
  void scenarios_areChosenByTheConfiguration() {
    try (RunningServer server = RunningServer.start()) {
      JsonObject some =
          new JsonObject()
              .put("scenarios", new JsonArray().add("chat").add("get"))
              .put("pauseMillis", 1);

      assertThat(run(server.port(), some)).isNull();
      assertThat(shown())
          .contains("1. StreamUsers", "2. GetUser")
          .endsWith("2/2 scenarios passed\n");
    }
  }

  @Test
  void status_isShownWithItsDetailsAndFailsTheScenario() throws Exception {
    int port =
        serve(
            new UserServiceImplBase() {
              @Override
              public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
                out.onError(
                    StatusProto.toStatusRuntimeException(
                        com.google.rpc.Status.newBuilder()
                            .setCode(9)
                            .setMessage("100 % l\u00e4uft + nicht\u001b[2J")
                            .addDetails(
                                Any.pack(
                                    ErrorInfo.newBuilder().setReason("R").setDomain("d").build()))
                            .addDetails(
                                Any.pack(
                                    BadRequest.newBuilder()
                                        .addFieldViolations(
                                            BadRequest.FieldViolation.newBuilder()
                                                .setField("f")
                                                .setDescription("is bad"))
                                        .build()))
                            .build()));
              }
            });

    assertThat(run(port, only("get")))
        .isEqualTo(
            "scenario 1 (get) failed: FAILED_PRECONDITION: 100 % l\u00e4uft + nicht\\u001b[2J");
    assertThat(shown())
        .contains("FAILED_PRECONDITION: 100 % l\u00e4uft + nicht\\u001b[2J")
        .contains("ErrorInfo: R of d", "BadRequest: f is bad")
        .doesNotContain("\u001b")
        .endsWith("0/1 scenarios passed\n");
  }

  @Test
  void wrongAnswers_failTheirScenarios() throws Exception {
    int port =
        serve(
            new UserServiceImplBase() {
              @Override
              public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
                out.onNext(UserResponse.newBuilder().setUserId(2).build());
                out.onCompleted();
              }

              @Override
              public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {
                out.onNext(UserResponse.newBuilder().setUserId(3).setEmail("other@b").build());
                out.onCompleted();
              }

              @Override
              public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {
                out.onNext(UserResponse.newBuilder().setUserId(2).build());
                out.onNext(UserResponse.newBuilder().setUserId(1).build());
                out.onCompleted();
              }

              @Override
              public StreamObserver<CreateUserRequest> batchCreateUsers(
                  StreamObserver<BatchCreateResponse> out) {
                out.onNext(BatchCreateResponse.newBuilder().setUsersCreated(2).build());
                out.onCompleted();
                return new Deaf<>();
              }

              @Override
              public StreamObserver<UserMessage> streamUsers(StreamObserver<UserMessage> out) {
                out.onNext(UserMessage.newBuilder().setUserId(7).setMessage("psst").build());
                out.onNext(UserMessage.newBuilder().setMessage("Server received: ?").build());
                return new Deaf<>();
              }
            });

    assertThat(run(port, new JsonObject()))
        .isEqualTo("scenario 1 (get) failed: expected the user with id 1, but got 2");
    assertThat(shown())
        .contains("expected a name of user 3, but got none")
        .contains("expected ids that increase from 1, but got [2, 1]")
        .contains("expected 3 users created, and 3 ids, but got 2, and ids []")
        .contains("\"message\":\"psst\"")
        .contains("but got \"Server received: ?\"")
        .endsWith("0/5 scenarios passed\n");
  }

  @Test
  void server_thatNeverAnswers() throws Exception {
    int port = serve(new SilentService());

    assertThat(run(port, new JsonObject().put("deadlineMillis", 300)))
        .isEqualTo("scenario 1 (get) failed: DEADLINE_EXCEEDED: did not complete within 300 ms");
    assertThat(shown()).endsWith("0/5 scenarios passed\n");
  }

  @Test
  void server_thatDiesInTheMiddle() throws Exception {
    int port =
        serve(
            new SilentService() {
              @Override
              public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
                wrong.shutdownNow();
              }
            });

    assertThat(run(port, only("get"))).startsWith("scenario 1 (get) failed: ");
    assertThat(shown()).endsWith("0/1 scenarios passed\n");
  }

  @Test
  void server_thatSpeaksSomethingElse() {
    int port =
        vertx
            .createNetServer()
            .connectHandler(socket -> socket.write("220 mail.example.com ESMTP\r\n"))
            .listen(0, "127.0.0.1")
            .await()
            .actualPort();

    assertThat(run(port, only("get")))
        .startsWith("scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:" + port)
        .contains("does not answer as a gRPC server");
  }

  private static JsonObject only(String scenario) {
    return new JsonObject().put("scenarios", new JsonArray().add(scenario));
  }

  /** Runs the scenarios; returns the message of the failure, or null. */
  private String run(int port, JsonObject json) {
    shown.reset();
    ClientConfig config =
        ClientConfig.from(json.copy().put("addresses", new JsonArray().add("127.0.0.1:" + port)));
    Transcript transcript =
        new Transcript(
            new PrintStream(shown, true, StandardCharsets.UTF_8), StandardCharsets.UTF_8, false);
    return new ScenarioRun(vertx, config, transcript, () -> false)
        .run()
        .<String>mapEmpty()
        .otherwise(Throwable::getMessage)
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  private int serve(UserServiceImplBase service) throws Exception {
    wrong =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(service)
            .build()
            .start();
    return wrong.getPort();
  }

  /** Accepts every call and never answers. */
  private static class SilentService extends UserServiceImplBase {

    @Override
    public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {}

    @Override
    public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {}

    @Override
    public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {}

    @Override
    public StreamObserver<CreateUserRequest> batchCreateUsers(
        StreamObserver<BatchCreateResponse> out) {
      return new Deaf<>();
    }

    @Override
    public StreamObserver<UserMessage> streamUsers(StreamObserver<UserMessage> out) {
      return new Deaf<>();
    }
  }

  private static final class Deaf<T> implements StreamObserver<T> {

    @Override
    public void onNext(T message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
