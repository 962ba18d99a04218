package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The place of the native library of SQLite while a server starts, and after it was killed. */
@Tag("slow")
class SqliteLibraryTest {

  private static final List<String> OURS =
      List.of("users.db", "users.db-shm", "users.db-wal", "users.db.lock");

  @TempDir private Path folder;
  private Path data;
  private Path temporary;
  private JavaProcess server;

  @BeforeEach
  void makeFolders() throws IOException {
    data = Files.createDirectory(folder.resolve("data"));
    temporary = Files.createDirectory(folder.resolve("temporary"));
  }

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      server.kill();
    }
  }

  @Test
  void kill_leavesNothing() throws Exception {
    start();
    assertThat(server.port()).isPositive();
    server.kill();

    assertThat(names(data)).containsExactlyInAnyOrderElementsOf(OURS);
    assertThat(names(temporary)).isEmpty();
  }

  @Test
  void leftover_ofAProcessKilledDuringItsStart_isDeleted() throws Exception {
    Path left = Files.createDirectory(data.resolve("users.db.native"));
    Files.writeString(left.resolve(System.mapLibraryName("sqlitejdbc")), "half of it");

    start();

    assertThat(server.port()).isPositive();
    assertThat(names(data)).containsExactlyInAnyOrderElementsOf(OURS);
  }

  @Test
  void folderBesideTheDatabase_thatCannotBeMade() throws Exception {
    Path victims = Files.createDirectory(folder.resolve("victims"));
    Path victim =
        Files.writeString(victims.resolve(System.mapLibraryName("sqlitejdbc")), "another's");
    Files.createSymbolicLink(data.resolve("users.db.native"), victims);

    start();

    assertThat(server.port()).as("from the folder for temporary files").isPositive();
    assertThat(names(temporary)).isEmpty();
    assertThat(victim).hasContent("another's");
  }

  @Test
  void folderOfTheOperator() throws Exception {
    Path chosen = Files.createDirectory(folder.resolve("chosen"));
    start("-Dorg.sqlite.tmpdir=" + chosen);
    assertThat(server.port()).isPositive();
    assertThat(names(chosen)).isEmpty();
    server.kill();

    start("-Dorg.sqlite.tmpdir=/proc/self");
    assertThat(server.process().waitFor(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(server.errors())
        .contains("the native library of SQLite cannot be loaded from /proc/self")
        .contains("-Dorg.sqlite.tmpdir=FOLDER");
  }

  private void start(String... properties) throws IOException {
    List<String> jvm = new ArrayList<>(List.of("-Djava.io.tmpdir=" + temporary));
    jvm.addAll(List.of(properties));
    JsonObject file = new JsonObject().put("file", data.resolve("users.db").toString());
    server =
        JavaProcess.start(
            folder, Map.of(), jvm, "--conf", StoreConfigs.of("sqlite", file).encode());
  }

  private static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
