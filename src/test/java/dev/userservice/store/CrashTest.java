package dev.userservice.store;

import static dev.userservice.kit.Requests.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.PostgresServer;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.Waits;
import dev.userservice.kit.WriteLoad;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Acknowledged users stay, whatever is killed or replaced under the load. */
@Tag("slow")
class CrashTest {

  /** More by hand: {@code -Dtest=CrashTest -DargLine=-Dcrash.rounds=100}. */
  private static final int ROUNDS = Integer.getInteger("crash.rounds", 5);

  private static final int USERS_A_ROUND = 300;

  @TempDir private Path folder;

  @Test
  void serviceKilled_onSqlite() throws Exception {
    killServiceInTheMiddle(StoreConfigs.sqlite(folder));
  }

  @Test
  void serviceKilled_onPostgres() throws Exception {
    killServiceInTheMiddle(StoreConfigs.postgres(PostgresServer.shared()));
  }

  private void killServiceInTheMiddle(JsonObject config) throws Exception {
    try (WriteLoad load = new WriteLoad()) {
      for (int round = 0; round <= ROUNDS; round++) {
        JavaProcess server =
            JavaProcess.start(folder, Map.of(), List.of(), "--conf", config.encode());
        try {
          int port = server.port();
          load.assertKept(port);
          if (round < ROUNDS) {
            load.start(port);
            load.awaitMore(USERS_A_ROUND);
          }
        } finally {
          server.kill();
        }
        if (round < ROUNDS) {
          load.stop();
        }
      }
    }
  }

  @Test
  void postgresKilled_underTheService() throws Exception {
    try (PostgresServer postgres = PostgresServer.start();
        RunningServer server = RunningServer.start(2, StoreConfigs.postgres(postgres));
        WriteLoad load = new WriteLoad()) {
      load.start(server.port());
      for (int round = 0; round < ROUNDS; round++) {
        load.awaitMore(USERS_A_ROUND);
        postgres.crash();
        postgres.startAgain();
      }
      load.awaitMore(USERS_A_ROUND);
      load.stop();

      load.assertKept(server.port());
      assertThat(load.refusals()).containsOnlyKeys(Code.UNAVAILABLE);
    }
  }

  /** A secret that is replaced is away, or empty, for a moment; new connections find that. */
  @Test
  void passwordFile_changedUnderTheService() throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "first\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    try (PostgresServer postgres = PostgresServer.start()) {
      JsonObject config = StoreConfigs.postgres(postgres);
      JsonObject settings = config.getJsonObject("store").getJsonObject("postgres");
      String database = settings.getString("database");
      postgres.execute(database, "CREATE ROLE app LOGIN PASSWORD 'first'");
      postgres.execute(database, "ALTER DATABASE " + database + " OWNER TO app");
      postgres.askForPassword("app");
      settings.put("user", "app").put("passwordFile", file.toString());
      try (LogLines logged = LogLines.of("dev.userservice");
          RunningServer server = RunningServer.start(2, config);
          WriteLoad load = new WriteLoad();
          ReadLoad reads = new ReadLoad(server.channel())) {
        load.start(server.port());
        load.awaitMore(USERS_A_ROUND);

        Files.delete(file);
        endConnections(postgres, database);
        logged.await(file + " cannot be read: \"store.postgres.passwordFile\"");
        Files.writeString(file, "");
        logged.await(file + " is empty: \"store.postgres.passwordFile\"");
        Files.writeString(file, "first");
        load.awaitMore(USERS_A_ROUND);

        postgres.execute(database, "ALTER ROLE app PASSWORD 'second'");
        load.awaitMore(USERS_A_ROUND);
        endConnections(postgres, database);
        logged.await("the user or the password is not right");
        Files.writeString(file, "second");
        load.awaitMore(USERS_A_ROUND);
        load.stop();

        assertThat(load.refusals()).containsOnlyKeys(Code.UNAVAILABLE);
        assertThat(reads.stop()).containsOnlyKeys(Code.OK, Code.UNAVAILABLE);
        load.assertKept(server.port());
        assertThat(logged.records()).allMatch(record -> record.getThrown() == null);
        assertThat(logged.messages())
            .filteredOn(line -> line.contains("password"))
            .as("three changes, each once for reads, for writes and for health")
            .hasSizeLessThan(10);
      }
    }
  }

  private static void endConnections(PostgresServer postgres, String database) {
    postgres.execute(
        database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  }

  /** A caller who reads users, one after the other. */
  private static final class ReadLoad implements AutoCloseable {

    private final Map<Code, Integer> ends = new ConcurrentHashMap<>();
    private final ManagedChannel channel;
    private final Thread caller = new Thread(this::read);
    private volatile boolean stopping;

    ReadLoad(ManagedChannel channel) {
      this.channel = channel;
      caller.start();
    }

    private void read() {
      while (!stopping) {
        Code code = Code.OK;
        try {
          UserServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
              .getUser(get(1));
        } catch (StatusRuntimeException refused) {
          code = refused.getStatus().getCode();
        }
        ends.merge(code, 1, Integer::sum);
        Waits.betweenCalls();
      }
    }

    /** The number of its calls by the way they ended. */
    Map<Code, Integer> stop() throws InterruptedException {
      close();
      return ends;
    }

    @Override
    public void close() throws InterruptedException {
      stopping = true;
      caller.join();
    }
  }
}
