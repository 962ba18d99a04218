package dev.userservice;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was acknowledged stays, whoever is killed in the middle; ten rounds each. */
class CrashTest {

  private static final int ROUNDS = 10;
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
        Program server = Program.start(folder, Map.of(), List.of(), "--conf", config.encode());
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
}
