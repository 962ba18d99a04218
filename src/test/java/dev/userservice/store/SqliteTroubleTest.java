package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.drafts;
import static dev.userservice.store.Drafts.failure;
import static dev.userservice.store.Drafts.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.SqliteConfig;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.SpecialFiles;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A SQLite store with obstacles: other files, other programs, a full disk. */
class SqliteTroubleTest {

  private static final int TIMEOUT_MILLIS = Waits.SECONDS * 1_000;

  /** A short timeout, for calls that run into it. */
  private static final int SHORT_TIMEOUT_MILLIS = 3_000;

  /** A queue size that no test reaches by accident. */
  private static final int MANY = 20_000;

  /** Result codes of SQLite. */
  private static final int SQLITE_READONLY = 8;

  private static final int SQLITE_FULL = 13;
  private static final int SQLITE_IOERR_SHMSIZE = 4874;

  @TempDir private Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final Set<UserStore> open = new HashSet<>();

  @AfterEach
  void stop() {
    List.copyOf(open).forEach(this::close);
    await(vertx.close());
  }

  @Test
  void users_areKeptAfterAClose() throws Exception {
    Path file = folder.resolve("a folder/to make/users#1 %20?.db");
    UserStore store = open(file);
    await(store.createAll(drafts(1, 3), WANTED));
    assertThat(reason(store.create(draft(2), WANTED))).isEqualTo(Reason.EMAIL_TAKEN);
    close(store);

    try (var files = Files.list(file.getParent())) {
      assertThat(files.map(left -> left.getFileName().toString()))
          .as("everything is in the one file")
          .containsExactlyInAnyOrder("users#1 %20?.db", "users#1 %20?.db.lock");
    }
    UserStore again = open(file);
    assertThat(await(again.page(0, 10)))
        .extracting(UserResponse::getUserId)
        .containsExactly(1, 2, 3);
    assertThat(await(again.create(draft(4), WANTED)).getUserId()).isEqualTo(4);
  }

  @Test
  void ids_areNotUsedAgain() throws Exception {
    UserStore store = open(file());
    await(store.createAll(drafts(1, 3), WANTED));
    close(store);
    execute(file(), "DELETE FROM users WHERE user_id = 3");

    assertThat(await(open(file()).create(draft(3), WANTED)).getUserId()).isEqualTo(4);
  }

  @Test
  void file_inUse() {
    open(file());

    assertUnusable(file(), "is in use by this process");
  }

  @Test
  void file_thatIsNotADatabase() throws Exception {
    for (String content : List.of("x", "A letter to a friend, which is longer than a header.")) {
      Files.writeString(file(), content);

      assertUnusable(file(), "is not a SQLite database");
      assertThat(file()).hasContent(content);
    }
  }

  @Test
  void file_withTwoNames_isTakenByNeither() throws Exception {
    close(open(file()));
    Path other = Files.createLink(folder.resolve("other.db"), file());

    assertUnusable(file(), "has 2 names");
    assertUnusable(other, "has 2 names");
    Files.delete(other);
    await(open(file()).create(draft(1), WANTED));
  }

  @Test
  void mount_isFoundUnderAnyName() throws Exception {
    Path mounts =
        Files.writeString(
            folder.resolve("mountinfo"),
            """
            22 1 0:21 / / rw,relatime - overlay overlay rw
            36 22 98:0 /a/users.db /data/with\\040space/\u00fcsers.db rw,noatime master:1 - ext4 /dev/x rw
            """);

    assertThat(SqlitePlace.isMount(Path.of("/data/with space/\u00fcsers.db"), mounts)).isTrue();
    assertThat(SqlitePlace.isMount(Path.of("/data/with space"), mounts)).isFalse();
    assertThat(SqlitePlace.isMount(Path.of("/data"), folder.resolve("no proc"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rm users.db", "rm users.db-wal", "cp users.db copy && mv copy users.db"})
  void file_removedOrReplacedWhileItIsOpen_nothingIsAcknowledged(String command) throws Exception {
    UserStore store = open(file());
    await(store.create(draft(1), WANTED));
    await(store.health());

    int exit = new ProcessBuilder("sh", "-c", command).directory(folder.toFile()).start().waitFor();

    assertThat(exit).isZero();
    assertThat(reason(store.create(draft(2), WANTED))).isEqualTo(Reason.UNUSABLE);
    assertThat(reason(store.createAll(drafts(3, 2), WANTED))).isEqualTo(Reason.UNUSABLE);
    assertThat(failure(store.health()))
        .hasMessageContaining("was removed or replaced")
        .extracting(StoreException::reason)
        .isEqualTo(Reason.UNUSABLE);
  }

  @Test
  void file_thatIsEmpty_isTaken() throws Exception {
    Files.createFile(file());

    await(open(file()).create(draft(1), WANTED));
  }

  @Test
  void file_ofAnotherProgram() throws Exception {
    execute(file(), "CREATE TABLE users (user_id INTEGER)");
    byte[] before = Files.readAllBytes(file());

    assertUnusable(file(), "belongs to another program");
    assertThat(Files.readAllBytes(file())).isEqualTo(before);
  }

  @Test
  void file_ofANewerProgram() throws Exception {
    close(open(file()));
    execute(file(), "INSERT INTO schema_version VALUES (99)");
    byte[] before = Files.readAllBytes(file());

    assertUnusable(file(), "schema version 99");
    assertThat(Files.readAllBytes(file())).isEqualTo(before);
  }

  @Test
  void file_thatIsDamaged() throws Exception {
    UserStore store = open(file());
    await(store.createAll(drafts(0, 100), WANTED));
    close(store);
    byte[] bytes = Files.readAllBytes(file());
    Arrays.fill(bytes, 100, bytes.length, (byte) 0x5a);
    Files.write(file(), bytes);

    assertUnusable(file(), "is damaged");
  }

  @Test
  void folder_thatIsAFile() throws Exception {
    Path stranger = Files.writeString(folder.resolve("stranger"), "not a folder");

    assertUnusable(stranger.resolve("users.db"), "its folder is missing");
    assertUnusable(folder, "is a folder");
  }

  @Test
  void folder_inWhichNoFileCanBeCreated() {
    // Not even by root.
    assertThat(reason(store(Path.of("/proc/self/users.db")).open())).isEqualTo(Reason.UNUSABLE);
  }

  @Test
  void lock_ofAnotherProgram() throws Exception {
    UserStore store = store(file(), MANY, SHORT_TIMEOUT_MILLIS);
    await(store.open());
    await(store.create(draft(1), WANTED));
    try (Connection other = connect(file());
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");

      assertThat(reason(store.create(draft(2), WANTED))).isEqualTo(Reason.UNAVAILABLE);
      assertThat(reason(store.health())).isEqualTo(Reason.UNAVAILABLE);
      assertThat(await(store.get(1)).getUserId()).as("readers go on").isEqualTo(1);

      statement.execute("ROLLBACK");
    }
    await(store.health());
    assertThat(await(store.create(draft(2), WANTED)).getUserId()).isEqualTo(2);
  }

  @Test
  void reader_thatHasFailed_readsAgain() throws Exception {
    UserStore store = open(file());
    await(store.create(draft(1), WANTED));
    execute(file(), "ALTER TABLE users RENAME TO elsewhere");

    assertThatThrownBy(() -> await(store.get(1)))
        .hasMessage("SQLite failed with SQLITE_ERROR")
        .hasNoCause();

    execute(file(), "ALTER TABLE elsewhere RENAME TO users");
    assertThat(await(store.get(1)).getUserId()).isEqualTo(1);
  }

  @Test
  void backup_whileUsersAreCreated() throws Exception {
    UserStore store = open(file());
    await(store.createAll(drafts(0, 5_000), WANTED));
    Path backup = folder.resolve("backup.db");

    Future<List<Integer>> meanwhile = store.createAll(drafts(5_000, 5_000), WANTED);
    execute(file(), "backup to '" + backup + "'");
    await(meanwhile);

    assertThat(Drafts.count(open(backup))).isIn(5_000L, 10_000L);
  }

  @Test
  void queue_thatIsFull() throws Exception {
    UserStore store = store(file(), 2, SHORT_TIMEOUT_MILLIS);
    await(store.open());
    try (Connection other = connect(file());
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      Future<?> begun = store.create(draft(1), WANTED);
      Future<?> waiting = store.createAll(drafts(2, 2), WANTED);

      assertThat(reason(store.create(draft(4), WANTED))).isEqualTo(Reason.OVERLOADED);

      assertThat(reason(begun)).isEqualTo(Reason.UNAVAILABLE);
      assertThat(failure(waiting).reason()).isIn(Reason.TIMED_OUT, Reason.UNAVAILABLE);
    }
    List<Future<List<UserResponse>>> reads = new ArrayList<>();
    await(store.createAll(drafts(0, 10_000), WANTED));
    for (int i = 0; i < 100; i++) {
      reads.add(store.page(0, 10_000));
    }
    assertThat(reads)
        .extracting(read -> read.map(List::size).otherwise(0).await())
        .contains(0, 10_000);
  }

  @Test
  void disk_withoutRoom() {
    SqliteFailures failures = new SqliteFailures(file());
    SqliteFile opened = new SqliteFile(file(), TIMEOUT_MILLIS, failures);
    Connection connection = opened.open();
    SqliteWriter writer = new SqliteWriter(connection, opened.place(), failures);
    GroupCommit writes =
        new GroupCommit(
            vertx,
            100_000,
            1_000,
            TIMEOUT_MILLIS,
            group ->
                Future.future(
                    done -> {
                      writer.write(group);
                      done.complete();
                    }));
    await(writes.add(drafts(0, 10), WANTED));
    limit(connection, 20);

    assertThat(reason(writes.add(drafts(10, 10_000), WANTED))).isEqualTo(Reason.FULL);
    limit(connection, 1_000_000);
    assertThat(await(writes.add(drafts(10, 10_000), WANTED)).get(0)).isEqualTo(11);
    writer.close();
    opened.unlock();
  }

  /** A full disk is in .ci/full_disk.py: it needs a file system of its own. */
  @Test
  void opening_thatFails_namesPermissionsOnlyWhenTheyMatter() {
    SqliteFailures failures = new SqliteFailures(file());

    assertThat(failures.ofOpening(new SQLException("", "", SQLITE_FULL)))
        .hasMessageContaining("has no room on its disk");
    assertThat(failures.ofOpening(new SQLException("", "", SQLITE_IOERR_SHMSIZE)))
        .hasMessageContaining("its disk failed")
        .hasMessageNotContaining("permissions");
    assertThat(failures.ofOpening(new SQLException("", "", SQLITE_READONLY)))
        .hasMessageContaining("Check the permissions");
    assertThat(
            failures.ofMaking(
                new FileSystemException("x", null, "No space left on device"), "cannot be made"))
        .hasMessage(file() + " cannot be made: No space left on device");
  }

  @Test
  void lockFile_ofAKilledProcess_isReused() throws Exception {
    Files.writeString(folder.resolve("users.db.lock"), "4711\n", StandardCharsets.US_ASCII);

    open(file());
  }

  @Test
  void files_areForTheirOwnerAlone() throws Exception {
    Path file = folder.resolve("made/by us/users.db");
    await(open(file).create(draft(1), WANTED));

    for (Path made : List.of(file.getParent(), file.getParent().getParent())) {
      assertThat(mode(made)).as("%s", made).isEqualTo("rwx------");
    }
    try (var files = Files.list(file.getParent())) {
      assertThat(files)
          .hasSize(4)
          .allSatisfy(made -> assertThat(mode(made)).as("%s", made).isEqualTo("rw-------"));
    }
  }

  @Test
  void file_readableByOthers_isWarnedOf() throws Exception {
    Files.createFile(file());
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r--r--"));
    try (LogLines lines = LogLines.of(SqliteFile.class.getName())) {
      open(file());

      assertThat(lines.messages())
          .containsExactly(
              "%s can be read by every user of this machine (rw-r--r--): chmod 600 %s (\"store.sqlite.file\")"
                  .formatted(file(), file()));
    }
    assertThat(mode(file())).isEqualTo("rw-r--r--");
  }

  @Test
  void lock_thatLeadsToAnotherFile() throws Exception {
    Path victim = Files.writeString(folder.resolve("victim"), "not a lock");
    Path file = folder.resolve("100 %s.db");
    Path lock = folder.resolve("100 %s.db.lock");

    Files.createSymbolicLink(lock, victim);
    assertUnusable(file, lock + " is a symbolic link");
    Files.delete(lock);
    Files.createSymbolicLink(lock, folder.resolve("nothing"));
    assertUnusable(file, lock + " is a symbolic link");
    Files.delete(lock);
    Files.createLink(lock, victim);
    assertUnusable(file, lock + " is not a lock");

    assertThat(victim).hasContent("not a lock");
    assertThat(file).doesNotExist();
    assertThat(folder.resolve("nothing")).doesNotExist();
  }

  @Test
  void file_thatIsALink_isLockedWhereItIs() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Path real = disk.resolve("real.db");
    Files.createSymbolicLink(file(), real);
    assertUnusable(file(), "is a symbolic link to a file that is missing");
    assertThat(real).doesNotExist();

    Files.createFile(real);
    UserStore store = open(file());
    await(store.create(draft(1), WANTED));
    assertUnusable(real, "is in use by this process");
    assertThat(disk.resolve("real.db.lock")).exists();
    close(store);

    assertThat(Drafts.count(open(real))).isEqualTo(1);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(disk, file());
    }
  }

  @Test
  void file_thatIsAPipe() throws Exception {
    Path pipe = SpecialFiles.pipe(folder);

    assertUnusable(pipe, "is not a regular file");
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private void assertUnusable(Path file, String why) {
    StoreException refused = failure(store(file).open());

    assertThat(refused.reason()).isEqualTo(Reason.UNUSABLE);
    assertThat(refused).hasMessageContainingAll(file.toString(), why);
  }

  private Path file() {
    return folder.resolve("users.db");
  }

  private UserStore open(Path file) {
    UserStore store = store(file);
    await(store.open());
    return store;
  }

  private UserStore store(Path file) {
    return store(file, MANY, TIMEOUT_MILLIS);
  }

  private UserStore store(Path file, int waiting, int timeoutMillis) {
    UserStore store =
        new SqliteStore(new SqliteConfig(file.toString(), 1, waiting, timeoutMillis), vertx);
    open.add(store);
    return store;
  }

  private void close(UserStore store) {
    open.remove(store);
    await(store.close());
  }

  private static void limit(Connection connection, int pages) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA max_page_count = " + pages);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void execute(Path file, String sql) throws SQLException {
    try (Connection connection = connect(file);
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  private static Connection connect(Path file) throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:file:" + file.toUri().getRawPath());
  }
}
