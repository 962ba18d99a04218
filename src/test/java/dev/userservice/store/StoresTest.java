package dev.userservice.store;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.RetryInfo;
import dev.userservice.config.StoreType;
import dev.userservice.kit.Demo;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.ForeignCalls;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.PostgresServer;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import dev.userservice.proto.UserServiceGrpc.UserServiceFutureStub;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The whole server over each store. */
@Tag("slow")
class StoresTest {

  @TempDir private Path folder;

  private JsonObject config(StoreType store) {
    return switch (store) {
      case MEMORY -> new JsonObject();
      case SQLITE -> StoreConfigs.sqlite(folder);
      case POSTGRES -> StoreConfigs.postgres(PostgresServer.shared());
      case RAFT -> StoreConfigs.raft(folder);
    };
  }

  @ParameterizedTest
  @EnumSource
  void scenarios_pass_andAgain(StoreType store) {
    try (RunningServer server = RunningServer.start(2, config(store))) {
      Demo first = Demo.run(server.vertx(), server.port());
      Demo again = Demo.run(server.vertx(), server.port());

      assertThat(first.shown()).contains("5/5 scenarios passed");
      assertThat(again.shown()).contains("ALREADY_EXISTS", "5/5 scenarios passed");
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "MEMORY")
  void users_outliveTheServer(StoreType store) {
    JsonObject config = config(store);
    int id;
    try (RunningServer server = RunningServer.start(2, config)) {
      id = server.blocking().createUser(create("Ada", "ada@example.com", 36)).getUserId();
    }
    try (RunningServer server = RunningServer.start(1, config)) {
      UserServiceBlockingStub stub = server.blocking();
      assertThat(stub.getUser(get(id)).getEmail()).isEqualTo("ada@example.com");
      List<String> names = new ArrayList<>();
      stub.listUsers(list(0, 0)).forEachRemaining(user -> names.add(user.getName()));
      assertThat(names).as("the samples came once").hasSize(6).startsWith("Alice Johnson");
    }
  }

  @ParameterizedTest
  @EnumSource
  void list_thatStallsAndIsCancelled_holdsNothing(StoreType store) throws Exception {
    JsonObject config = config(store);
    try (RunningServer server = RunningServer.start(1, config)) {
      for (int batch = 0; batch < 3; batch++) {
        Recorder<CreateUserRequest, BatchCreateResponse> answer = Recorder.reading();
        StreamObserver<CreateUserRequest> requests = server.async().batchCreateUsers(answer);
        for (int i = 0; i < 10_000; i++) {
          requests.onNext(create("User", "user" + (batch * 10_000 + i) + "@example.com", 30));
        }
        requests.onCompleted();
        assertThat(answer.status().isOk()).isTrue();
      }

      // More than there are connections and readers.
      List<Recorder<ListUsersRequest, UserResponse>> stalled = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        Recorder<ListUsersRequest, UserResponse> users = Recorder.stalled();
        server.async().listUsers(list(0, 0), users);
        users.request(1);
        stalled.add(users);
      }
      for (Recorder<ListUsersRequest, UserResponse> users : stalled) {
        users.awaitCount(1);
      }
      UserServiceBlockingStub stub = server.blocking();
      assertThat(stub.getUser(get(1)).getName()).isEqualTo("Alice Johnson");
      stub.createUser(create("Ada", "ada@example.com", 36));

      stalled.remove(0).cancel();
      Recorder<ListUsersRequest, UserResponse> last = stalled.get(0);
      last.request(Integer.MAX_VALUE);
      assertThat(last.status().isOk()).isTrue();
      assertThat(last.messages()).hasSizeGreaterThanOrEqualTo(30_005);
    }
  }

  @Test
  void create_whoseCallerHasGone_isNotDone() throws Exception {
    JsonObject config = config(StoreType.SQLITE);
    String file = config.getJsonObject("store").getJsonObject("sqlite").getString("file");
    try (RunningServer server = RunningServer.start(1, config)) {
      // Over one connection that is there, so that the first is the one that is begun.
      UserServiceFutureStub stub = UserServiceGrpc.newFutureStub(server.channel());
      stub.getUser(get(1)).get(Waits.SECONDS, TimeUnit.SECONDS);
      Future<UserResponse> begun;
      try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
          Statement statement = other.createStatement()) {
        statement.execute("BEGIN IMMEDIATE");
        begun = stub.createUser(create("Begun", "begun@example.com", 1));
        Future<UserResponse> late =
            stub.withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                .createUser(create("Late", "late@example.com", 1));

        assertThatThrownBy(() -> late.get(Waits.SECONDS, TimeUnit.SECONDS))
            .hasMessageContaining("DEADLINE_EXCEEDED");
        statement.execute("ROLLBACK");
      }
      assertThat(begun.get(Waits.SECONDS, TimeUnit.SECONDS).getUserId()).isEqualTo(6);
      assertThat(stub.createUser(create("Next", "late@example.com", 1)).get().getUserId())
          .as("neither the address nor an id was used up")
          .isEqualTo(7);
    }
  }

  @Test
  void storeAway_isSaidByHealthAndByCalls_untilItIsBack() throws Exception {
    try (PostgresServer postgres = PostgresServer.start();
        RunningServer server = RunningServer.start(2, StoreConfigs.postgres(postgres))) {
      UserServiceBlockingStub stub = server.blocking();
      Recorder<?, HealthCheckResponse> health = ForeignCalls.watch(server.channel(), "");
      health.awaitCount(1);

      postgres.crash();

      health.await(change -> change.getStatus() == ServingStatus.NOT_SERVING);
      for (StatusRuntimeException refused :
          List.of(
              refusal(() -> stub.getUser(get(1))),
              refusal(() -> stub.createUser(create("Ada", "ada@example.com", 36))),
              refusal(() -> stub.listUsers(list(0, 0)).next()))) {
        assertThat(refused.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
        ErrorDetails details = ErrorDetails.of(refused);
        assertThat(details.reason()).isEqualTo("userservice.dev/STORE_UNAVAILABLE");
        assertThat(details.get(RetryInfo.class).getRetryDelay().getSeconds()).isEqualTo(1);
        assertThat(details.status().toString())
            .doesNotContainIgnoringCase("postgres")
            .doesNotContain("127.0.0.1");
      }

      postgres.startAgain();

      awaitLast(health, ServingStatus.SERVING);
      assertThat(stub.getUser(get(1)).getName()).isEqualTo("Alice Johnson");
      stub.createUser(create("Ada", "ada@example.com", 36));
      assertThat(health.messages())
          .extracting(HealthCheckResponse::getStatus)
          .containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING);
    }
  }

  @Test
  void failureThatOnlyCallsFind_isLoggedOnceAndSaidByHealth() throws Exception {
    JsonObject config = StoreConfigs.postgres(PostgresServer.shared());
    String database = config.getJsonObject("store").getJsonObject("postgres").getString("database");
    try (LogLines logged = LogLines.of("dev.userservice");
        RunningServer server = RunningServer.start(2, config)) {
      UserServiceBlockingStub stub = server.blocking();
      Recorder<?, HealthCheckResponse> health = ForeignCalls.watch(server.channel(), "");
      health.await(change -> change.getStatus() == ServingStatus.SERVING);
      PostgresServer.shared()
          .execute(
              database,
              """
              CREATE FUNCTION damage() RETURNS trigger AS $$ BEGIN
                RAISE EXCEPTION USING ERRCODE = 'XX002';
              END $$ LANGUAGE plpgsql;
              CREATE TRIGGER damage BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION damage()""");

      for (int i = 0; i < 20; i++) {
        assertThat(
                refusal(() -> stub.createUser(create("Ada", "ada@example.com", 36)))
                    .getStatus()
                    .getCode())
            .isEqualTo(Code.UNAVAILABLE);
      }

      health.await(change -> change.getStatus() == ServingStatus.NOT_SERVING);
      PostgresServer.shared().execute(database, "DROP TRIGGER damage ON users");
      stub.createUser(create("Ada", "ada@example.com", 36));
      awaitLast(health, ServingStatus.SERVING);
      assertThat(logged.messages())
          .filteredOn(line -> line.contains("is damaged"))
          .singleElement()
          .asString()
          .contains("restore a backup", "health says NOT_SERVING")
          .doesNotContain("ada@");
    }
  }

  @Test
  void start_withoutTheStore_whenItMay() throws Exception {
    try (PostgresServer postgres = PostgresServer.start()) {
      JsonObject config = StoreConfigs.postgres(postgres);
      config.getJsonObject("store").put("startTimeoutMillis", 0);
      postgres.crash();
      try (RunningServer server = RunningServer.start(2, config)) {
        Recorder<?, HealthCheckResponse> health = ForeignCalls.watch(server.channel(), "");
        health.await(change -> change.getStatus() == ServingStatus.NOT_SERVING);
        UserServiceBlockingStub stub = server.blocking();
        assertThat(refusal(() -> stub.getUser(get(1))).getStatus().getCode())
            .isEqualTo(Code.UNAVAILABLE);

        postgres.startAgain();

        health.await(change -> change.getStatus() == ServingStatus.SERVING);
        assertThat(stub.getUser(get(1)).getName()).isEqualTo("Alice Johnson");
      }
    }
  }

  @Test
  void start_waitsForTheStore_butNotForEver() throws Exception {
    JsonObject config = config(StoreType.POSTGRES);
    JsonObject store = config.getJsonObject("store").put("startTimeoutMillis", 3_000);
    store.getJsonObject("postgres").put("port", 1);

    JavaProcess program =
        JavaProcess.start(
            folder,
            Map.of("USER_SERVICE_STORE_POSTGRES_PASSWORD", "s3cret"),
            List.of(),
            "--conf",
            config.encode());

    assertThat(program.exitCode()).isEqualTo(ExitCode.STORE);
    assertThat(program.output()).isEmpty();
    assertThat(program.errors())
        .containsOnlyOnce("cannot be reached; waiting up to 3 s")
        .hasLineCount(2)
        .doesNotContain("s3cret", "Exception", "\tat ")
        .endsWith(
            "user-service: PostgreSQL at 127.0.0.1:1, database %s, user postgres cannot be reached"
                .formatted(store.getJsonObject("postgres").getString("database")));
  }

  @Test
  void start_onAFileThatAnotherProcessHas() throws Exception {
    String config = config(StoreType.SQLITE).encode();
    JavaProcess first = JavaProcess.start(folder, Map.of(), List.of(), "--conf", config);
    try {
      first.port();

      JavaProcess second = JavaProcess.start(folder, Map.of(), List.of(), "--conf", config);

      assertThat(second.exitCode()).isEqualTo(ExitCode.STORE);
      assertThat(second.errors())
          .contains("users.db is in use by process " + first.process().pid());
    } finally {
      first.kill();
    }
  }

  @Test
  void fileRemoved_underARunningServer_stopsIt() throws Exception {
    JavaProcess program =
        JavaProcess.start(
            folder, Map.of(), List.of(), "--conf", StoreConfigs.sqlite(folder).encode());
    try {
      program.port();

      Files.delete(folder.resolve("data/users.db"));

      assertThat(program.exitCode()).isEqualTo(ExitCode.STORE);
      assertThat(program.errors())
          .containsOnlyOnce(
              "user-service: %s was in use when users.db was removed or replaced"
                  .formatted(folder.resolve("data/users.db")))
          .doesNotContain("Exception", "\tat ");
    } finally {
      program.kill();
    }
  }

  private static void awaitLast(Recorder<?, HealthCheckResponse> health, ServingStatus status)
      throws InterruptedException {
    health.await(
        change -> health.messages().get(health.messages().size() - 1).getStatus() == status);
  }

  private interface Call {
    void make();
  }

  private static StatusRuntimeException refusal(Call call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::make);
  }
}
