package dev.userservice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Demo;
import dev.userservice.kit.FreePorts;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserMessage;
import io.grpc.stub.StreamObserver;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The scenarios against the real server. */
class ClientVerticleTest {

  private RunningServer server;

  @BeforeEach
  void start() {
    server = RunningServer.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void firstRun_showsTheMessages_andPasses() {
    Demo demo = Demo.run(server.vertx(), server.port());

    assertThat(demo.failure()).isNull();
    assertThat(
            demo.shown()
                .replaceAll("passed in \\d+", "passed in N")
                .replaceAll("2\\d{3}-[^\"]+Z", "T"))
        .isEqualToNormalizingNewlines(
            """
            Server 127.0.0.1:%d, each call within 10000 ms

            1. GetUser, unary
               -> {"user_id":1}
               <- {"user_id":1,"name":"Alice Johnson","email":"alice@example.com","age":28,"created_at":"T"}
               passed in N ms

            2. CreateUser, unary
               -> {"name":"John Doe","email":"john.doe@example.com","age":32}
               <- {"user_id":6,"name":"John Doe","email":"john.doe@example.com","age":32,"created_at":"T"}
               passed in N ms

            3. ListUsers, server streaming
               -> {"limit":3,"after_user_id":0}
               <- {"user_id":1,"name":"Alice Johnson","email":"alice@example.com","age":28,"created_at":"T"}
               <- {"user_id":2,"name":"Bob Smith","email":"bob@example.com","age":35,"created_at":"T"}
               <- {"user_id":3,"name":"Charlie Brown","email":"charlie@example.com","age":42,"created_at":"T"}
               passed in N ms

            4. BatchCreateUsers, client streaming
               -> {"name":"Frank Miller","email":"frank@example.com","age":45}
               -> {"name":"Grace Lee","email":"grace@example.com","age":29}
               -> {"name":"Henry Davis","email":"henry@example.com","age":38}
               <- {"users_created":3,"user_ids":[7,8,9]}
               passed in N ms

            5. StreamUsers, bidirectional streaming
               -> {"user_id":1,"message":"Hello, server!","timestamp":"T"}
               <- {"user_id":0,"message":"Server received: Hello, server!","timestamp":"T"}
               -> {"user_id":1,"message":"How are you?","timestamp":"T"}
               <- {"user_id":0,"message":"Server received: How are you?","timestamp":"T"}
               -> {"user_id":1,"message":"Goodbye!","timestamp":"T"}
               <- {"user_id":0,"message":"Server received: Goodbye!","timestamp":"T"}
               passed in N ms

            5/5 scenarios passed
            """
                .formatted(server.port()));
  }

  @Test
  void secondRun_showsExistingUsers_andPasses() {
    Demo.run(server.vertx(), server.port());

    Demo again = Demo.run(server.vertx(), server.port());

    assertThat(again.failure()).isNull();
    assertThat(again.shown())
        .contains(
            "<- ALREADY_EXISTS: email john.doe@example.com belongs to another user",
            "ErrorInfo: EMAIL_TAKEN of userservice.dev",
            "John Doe is already there, from an earlier run",
            "<- ALREADY_EXISTS: items[0].email frank@example.com belongs to another user",
            "These users are already there, from an earlier run")
        .endsWith("5/5 scenarios passed" + System.lineSeparator());
  }

  @Test
  void selectedScenarios_runAloneInTheirOrder() {
    Demo demo = Demo.run(server.vertx(), server.port(), "list", "get");

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown().lines().filter(line -> line.matches("\\d[./].*")))
        .containsExactly(
            "1. ListUsers, server streaming", "2. GetUser, unary", "2/2 scenarios passed");
  }

  @Test
  void pauses_doNotUseUpTheTimeOfTheChat() {
    JsonObject config = Demo.config(server.port(), "chat").put("deadlineMillis", 2_000);

    // The two pauses in the chat are longer than the deadline of a call.
    Demo demo = Demo.run(server.vertx(), config.put("pauseMillis", 1_100));

    assertThat(demo.failure()).isNull();
  }

  @Test
  void emptyServer_explainsThatTheSamplesAreMissing() {
    try (RunningServer empty = RunningServer.start(1, new JsonObject().put("sampleUsers", false))) {
      Demo demo = Demo.run(empty.vertx(), empty.port(), "get", "list", "create");

      assertThat(demo.failure())
          .isEqualTo("scenario 1 (get) failed: NOT_FOUND: User with ID 1 not found");
      assertThat(demo.shown())
          .contains(
              "\"sampleUsers\" may be off in the server",
              "expected 1 to 3 users, but got none",
              "1/3 scenarios passed");
    }
  }

  @Test
  void chat_whileOthersChat_isNotDisturbed() {
    // Another caller that chats as user 0, by leaving out user_id.
    StreamObserver<UserMessage> other = server.async().streamUsers(new Silence());
    List<Future<Demo>> demos =
        IntStream.range(0, 8)
            .mapToObj(i -> Demo.start(server.vertx(), Demo.config(server.port(), "chat", "get")))
            .toList();
    for (int i = 0; i < 20; i++) {
      other.onNext(UserMessage.newBuilder().setMessage("Good evening " + i).build());
    }

    Future.join(demos).timeout(Waits.SECONDS, TimeUnit.SECONDS).await();

    assertThat(demos).allSatisfy(demo -> assertThat(demo.result().failure()).isNull());
    other.onCompleted();
  }

  @Test
  void absentServer_isReportedWithinTheWait() throws Exception {
    JsonObject config = Demo.config(FreePorts.one()).put("waitMillis", 250);
    long start = System.nanoTime();

    Demo demo = Demo.run(server.vertx(), config);

    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isBetween(250L, 5_000L);
    assertThat(demo.failure())
        .isEqualTo(
            "no server answers at %s within 250 ms"
                .formatted(config.getJsonArray("addresses").getString(0)));
    assertThat(demo.shown()).isEmpty();
  }

  @Test
  void serverThatStartsLater_isWaitedFor() throws Exception {
    int port = FreePorts.one();
    Future<Demo> demo = Demo.start(server.vertx(), Demo.config(port, "get"));

    JsonObject later = new JsonObject().put("port", port);
    server
        .vertx()
        .deployVerticle(UserVerticle.class.getName(), new DeploymentOptions().setConfig(later))
        .await();

    assertThat(demo.timeout(Waits.SECONDS, TimeUnit.SECONDS).await().failure()).isNull();
  }

  @Test
  void deadAddress_isSkipped() throws Exception {
    JsonObject config = Demo.config(server.port(), "get");
    String alive = config.getJsonArray("addresses").getString(0);
    config.put("addresses", new JsonArray().add("127.0.0.1:" + FreePorts.one()).add(alive));

    Demo demo = Demo.run(server.vertx(), config);

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown()).startsWith("Servers ").contains(" ms, by " + alive);
  }

  @Test
  void wrongConfiguration_isRefused() {
    Demo demo = Demo.run(server.vertx(), Demo.config(server.port()).put("deadlineMilis", 1));

    assertThat(demo.failure()).contains("unknown key \"deadlineMilis\"", "\"deadlineMillis\"");
  }

  private static final class Silence implements StreamObserver<UserMessage> {

    @Override
    public void onNext(UserMessage message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
