package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.drafts;
import static dev.userservice.store.Drafts.failure;
import static dev.userservice.store.Drafts.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.PostgresServer;
import dev.userservice.kit.SpecialFiles;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A PostgreSQL store while its server has faults. */
@Tag("slow")
class PostgresTroubleTest {

  private static final int TIMEOUT_MILLIS = Waits.SECONDS * 1_000;

  /** A short timeout, for calls that run into it. */
  private static final int SHORT_TIMEOUT_MILLIS = 5_000;

  private static PostgresServer server;

  private final PostgresStores stores = new PostgresStores();
  private JsonObject database;
  private String name;

  @BeforeAll
  static void startServer() {
    server = PostgresServer.start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void makeDatabase() {
    database = server.database().put("timeoutMillis", TIMEOUT_MILLIS);
    name = database.getString("database");
  }

  @AfterEach
  void stop() {
    stores.close();
  }

  @Test
  void tableLockedByAnother() throws Exception {
    UserStore store = openImpatient();
    await(store.create(draft(1), WANTED));
    try (Lock lock = new Lock("SHARE")) {
      Future<UserResponse> one = store.create(draft(2), WANTED);
      Future<List<Integer>> several = store.createAll(drafts(3, 2), WANTED);

      assertThat(await(store.get(1)).getUserId()).as("readers go on").isEqualTo(1);
      assertThat(reason(one)).isEqualTo(Reason.TIMED_OUT);
      assertThat(reason(several)).isEqualTo(Reason.TIMED_OUT);
    }
    await(store.createAll(drafts(2, 3), WANTED));
    assertThat(Drafts.count(store)).as("the timed out writes changed nothing").isEqualTo(4);
  }

  @Test
  void connectionKilled_inTheMiddleOfAWrite() throws Exception {
    UserStore store = open();
    try (Lock lock = new Lock("SHARE")) {
      Future<UserResponse> one = store.create(draft(1), WANTED);
      lock.awaitWaiter();
      endWaiting();

      assertThat(reason(one)).isEqualTo(Reason.OUTCOME_UNKNOWN);
    }
    assertThat(Drafts.count(store)).as("never retried").isZero();
    await(store.create(draft(1), WANTED));
  }

  @Test
  void connectionsKilled_whileNothingIsDone() {
    UserStore store = open();
    await(store.create(draft(1), WANTED));
    await(store.get(1));
    endConnections();

    // A write may fail once for each pooled connection; a read is repeated.
    for (int i = 0; i < 20; i++) {
      assertThat(await(store.get(1)).getUserId()).isEqualTo(1);
      store.create(draft(2), WANTED).otherwiseEmpty().await();
    }
    assertThat(reason(store.create(draft(2), WANTED))).isEqualTo(Reason.EMAIL_TAKEN);
  }

  @Test
  void connectionsKilled_inTheMiddleOfReads() throws Exception {
    UserStore store = open();
    await(store.create(draft(1), WANTED));
    List<Future<UserResponse>> reads;
    try (Lock lock = new Lock("ACCESS EXCLUSIVE")) {
      // More than the connections together take at a time.
      reads = IntStream.range(0, 500).mapToObj(i -> store.get(1)).toList();
      lock.awaitWaiter();
      endWaiting();
    }
    assertThat(reads).allSatisfy(read -> assertThat(await(read).getUserId()).isEqualTo(1));
  }

  @Test
  void connectionsKilled_oneAfterTheOther() throws Exception {
    int readers = 4;
    UserStore store = stores.open(database.put("connections", 2 * readers));
    await(store.create(draft(1), WANTED));
    Future<UserResponse> read;
    try (Lock lock = new Lock("ACCESS EXCLUSIVE")) {
      read = store.get(1);
      for (int i = 0; i < readers; i++) {
        lock.awaitWaiter();
        endWaiting();
      }
    }
    assertThat(await(read).getUserId()).isEqualTo(1);
  }

  @Test
  void read_whoseConnectionsAreAllKilled() throws Exception {
    UserStore store = open();
    Future<UserResponse> read;
    try (Lock lock = new Lock("ACCESS EXCLUSIVE")) {
      read = store.get(1);
      Waits.until(
          "the read fails",
          () -> {
            endWaiting();
            return read.isComplete();
          });
    }
    assertThat(reason(read)).as("it is not repeated for ever").isEqualTo(Reason.UNAVAILABLE);
  }

  @Test
  void queues_thatAreFull() throws Exception {
    database.put("connections", 2).put("queueSize", 3);
    UserStore store = openImpatient();
    List<Future<?>> calls = new ArrayList<>();
    List<Future<?>> reads = new ArrayList<>();
    try (Lock lock = new Lock("ACCESS EXCLUSIVE")) {
      for (int i = 0; i < 6; i++) {
        calls.add(store.createAll(drafts(10 * i, 2), WANTED));
      }
      for (int i = 0; i < 200; i++) {
        reads.add(store.get(1));
      }
      assertThat(calls.stream().map(Drafts::reason))
          .as("one is written, three wait")
          .containsOnly(Reason.OVERLOADED, Reason.TIMED_OUT, Reason.UNAVAILABLE)
          .filteredOn(Reason.OVERLOADED::equals)
          .hasSize(2);
      assertThat(reads.stream().map(Drafts::reason)).contains(Reason.OVERLOADED);
    }
    assertThat(Drafts.count(store)).isZero();
    await(store.create(draft(1), WANTED));
  }

  @Test
  void creates_thatWaitTogether() throws Exception {
    database.put("queueSize", 5);
    UserStore store = open();
    List<Future<UserResponse>> creates;
    try (Lock lock = new Lock("SHARE")) {
      creates = IntStream.range(0, 8).mapToObj(i -> store.create(draft(i), WANTED)).toList();
      lock.awaitWaiter();
      assertThat(creates.stream().filter(Future::isComplete).map(Drafts::reason))
          .as("one is written, five wait")
          .containsExactly(Reason.OVERLOADED, Reason.OVERLOADED);
    }
    assertThat(creates.stream().limit(6).map(Drafts::await).map(UserResponse::getUserId))
        .containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void batch_abandonedByItsCaller() throws Exception {
    database.put("connections", 2);
    UserStore store = open();
    AtomicBoolean gone = new AtomicBoolean();
    Future<List<Integer>> first;
    Future<List<Integer>> second;
    try (Lock lock = new Lock("SHARE")) {
      first = store.createAll(drafts(0, 2), WANTED);
      lock.awaitWaiter();
      second = store.createAll(drafts(2, 2), gone::get);
      gone.set(true);
    }
    assertThat(await(first)).containsExactly(1, 2);
    assertThat(reason(second)).isEqualTo(Reason.ABANDONED);
    assertThat(Drafts.count(store)).isEqualTo(2);
  }

  @Test
  void serverFrozen() throws Exception {
    UserStore store = openImpatient();
    await(store.create(draft(1), WANTED));
    await(store.get(1));
    server.freeze();
    try {
      Future<UserResponse> read = store.get(1);
      Future<UserResponse> write = store.create(draft(2), WANTED);
      assertThat(reason(read)).isEqualTo(Reason.TIMED_OUT);
      assertThat(reason(write)).isEqualTo(Reason.OUTCOME_UNKNOWN);
      assertThat(failure(store.health()).reason()).isIn(Reason.TIMED_OUT, Reason.UNAVAILABLE);
    } finally {
      server.thaw();
    }
    await(store.health());
    assertThat(await(store.get(1)).getUserId()).isEqualTo(1);
    assertThat(await(store.create(draft(3), WANTED)).getUserId()).isIn(2, 3);
  }

  @ParameterizedTest
  @CsvSource({
    "40001, CONFLICT",
    "40P01, CONFLICT",
    "53100, FULL",
    "57014, TIMED_OUT",
    "53300, UNAVAILABLE",
    "25006, UNAVAILABLE",
    "57P01, OUTCOME_UNKNOWN",
    "08006, OUTCOME_UNKNOWN"
  })
  void failure_ofAWrite(String sqlState, Reason reason) {
    // A write with an unknown outcome is retried until its timeout.
    UserStore store = reason == Reason.OUTCOME_UNKNOWN ? openImpatient() : open();
    failWrites("RAISE EXCEPTION 'secret of ada@example.com' USING ERRCODE = '" + sqlState + "'");

    for (Future<?> write :
        List.of(store.create(draft(1), WANTED), store.createAll(drafts(1, 2), WANTED))) {
      StoreException refused = failure(write);
      assertThat(refused.reason()).isEqualTo(reason);
      assertThat(refused).hasNoCause().message().doesNotContain("secret", "ada@");
    }
    assertThat(Drafts.count(store)).isZero();
  }

  @Test
  void failure_unknownSqlState() {
    UserStore store = open();
    failWrites("RAISE EXCEPTION 'secret of ada@example.com' USING ERRCODE = 'XX000'");

    Future<UserResponse> create = store.create(draft(1), WANTED);

    assertThatThrownBy(() -> await(create))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("PostgreSQL failed with SQLSTATE XX000")
        .hasNoCause();
  }

  @Test
  void databaseThatOnlyReads_isUsedAgainAtOnceWhenItWrites() {
    UserStore store = open();
    await(store.create(draft(1), WANTED));
    alterDatabase("SET default_transaction_read_only = on");
    endConnections();
    // Pooled connections may fail once more, as lost; new ones do not.
    for (int i = 0; i < 20; i++) {
      store.create(draft(2), WANTED).otherwiseEmpty().await();
    }

    for (int i = 0; i < 10; i++) {
      Future<UserResponse> create = store.create(draft(2), WANTED);
      assertThat(failure(create)).hasMessageContaining("only reads");
      assertThat(reason(create)).isEqualTo(Reason.UNAVAILABLE);
    }
    assertThat(failure(store.health())).hasMessageContaining("only reads");
    assertThat(await(store.get(1)).getUserId()).isEqualTo(1);
    alterDatabase("RESET default_transaction_read_only");

    await(store.create(draft(2), WANTED));
    for (int i = 0; i < 10; i++) {
      await(store.health());
    }
  }

  @Test
  void rights_thatAreRevokedAndGranted() {
    await(open().create(draft(1), WANTED));
    server.execute(
        name, "CREATE ROLE app" + name + " LOGIN; GRANT SELECT, INSERT ON users TO app" + name);
    server.execute(name, "GRANT SELECT ON schema_version TO app" + name);
    UserStore store = stores.open(database.copy().put("user", "app" + name));
    await(store.health());
    await(store.create(draft(2), WANTED));
    server.execute(name, "REVOKE INSERT ON users FROM app" + name);

    Future<UserResponse> create = store.create(draft(3), WANTED);

    assertThat(reason(create)).isEqualTo(Reason.UNAVAILABLE);
    assertThat(failure(create)).hasMessageContaining("GRANT SELECT, INSERT ON users");
    assertThat(failure(store.health())).hasMessageContaining("GRANT SELECT, INSERT ON users");
    server.execute(name, "GRANT INSERT ON users TO app" + name);
    await(store.health());
    await(store.create(draft(3), WANTED));
  }

  @Test
  void table_thatIsDropped() {
    UserStore store = open();
    await(store.create(draft(1), WANTED));
    await(store.get(1));
    server.execute(name, "DROP TABLE users");

    for (Future<?> call : List.of(store.get(1), store.create(draft(2), WANTED), store.health())) {
      assertThat(reason(call)).isEqualTo(Reason.UNAVAILABLE);
      assertThat(failure(call)).hasMessageContaining("no longer has the tables");
    }
  }

  @Test
  void columns_thatChange() {
    UserStore store = open();
    await(store.create(draft(1), WANTED));
    await(store.get(1));
    server.execute(
        name,
        "ALTER TABLE users ALTER COLUMN age TYPE bigint,"
            + " ALTER COLUMN email_key TYPE varchar(400)");

    assertThat(await(store.get(1)).getUserId()).isEqualTo(1);
    await(store.create(draft(2), WANTED));
    await(store.createAll(drafts(3, 2), WANTED));
    assertThat(await(store.page(0, 10))).hasSize(4);
  }

  @Test
  void nameThatTheDatabaseCannotStore_failsOneWrite() throws Exception {
    UserStore store = open();
    server.execute(
        name,
        """
        CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN
          IF NEW.email = 'user5@example.com' THEN RAISE EXCEPTION USING ERRCODE = '22P05'; END IF;
          RETURN NEW;
        END $$ LANGUAGE plpgsql;
        CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse()""");
    List<Future<UserResponse>> creates;
    try (Lock lock = new Lock("SHARE")) {
      creates = IntStream.range(0, 10).mapToObj(i -> store.create(draft(i), WANTED)).toList();
      lock.awaitWaiter();
    }

    assertThatThrownBy(() -> await(creates.get(5))).isInstanceOf(IllegalStateException.class);
    for (int i = 0; i < 10; i++) {
      if (i != 5) {
        await(creates.get(i));
      }
    }
    assertThat(Drafts.count(store)).isEqualTo(9);
  }

  @Test
  void encodingThatCannotStoreEveryName() {
    server.execute(
        "postgres",
        "CREATE DATABASE latin"
            + name
            + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
            + " TEMPLATE template0");

    assertUnusable(database.copy().put("database", "latin" + name), "createdb -E UTF8");
  }

  @Test
  void tablesOfAnotherProgram() {
    server.execute(name, "CREATE TABLE users (id integer)");
    assertUnusable(database, "are not this program's");
    server.execute(name, "DROP TABLE users; CREATE TABLE schema_version (name text)");
    assertUnusable(database, "are not this program's");
    server.execute(name, "DROP TABLE schema_version");
    alterDatabase("SET search_path = nowhere");
    assertUnusable(database, "ALTER ROLE \"postgres\" SET search_path");
  }

  private void alterDatabase(String how) {
    server.execute("postgres", "ALTER DATABASE " + name + " " + how);
  }

  private void endConnections() {
    end("pid <> pg_backend_pid()");
  }

  /** Ends the connections whose statements wait for a lock. */
  private void endWaiting() {
    end("wait_event_type = 'Lock'");
  }

  private void end(String which) {
    server.execute(
        name,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND "
            + which);
  }

  @Test
  void conflict_isTriedThreeTimes() {
    UserStore store = open();
    server.execute(name, "CREATE SEQUENCE tries");
    failWrites("IF nextval('tries') < 3 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF");

    await(store.createAll(drafts(1, 2), WANTED));

    assertThat(Drafts.count(store)).isEqualTo(2);
  }

  @Test
  void tls(@TempDir Path folder) throws Exception {
    JsonObject verifying = database.copy().put("tls", "verify-full");
    Certificate other = Certificate.make(folder, "other");
    String othersFile = other.certificate().toString();
    assertUnusable(database.copy().put("tls", "require"), "TLS with it failed");
    Certificate own = Certificate.make(folder, "own");
    server.useTls(own);

    assertUnusable(verifying.copy().put("caFile", othersFile), "TLS with it failed");
    assertUnusable(
        verifying.copy().put("caFile", folder.resolve("none").toString()),
        "cannot be read: \"store.postgres.caFile\"");
    Path empty = Files.writeString(folder.resolve("empty.crt"), "nothing");
    assertUnusable(verifying.copy().put("caFile", empty.toString()), "has no PEM certificate");
    Path der = Files.write(folder.resolve("own.der"), own.bundle().getCertificate().getEncoded());
    assertUnusable(
        verifying.copy().put("caFile", der.toString()),
        "openssl x509 -inform DER -in " + der + " -out " + der + ".pem: \"store.postgres.caFile\"");
    String older = Files.readString(own.certificate()).replace(" CERTIFICATE", " X509 CERTIFICATE");
    String ownFile = Files.writeString(folder.resolve("older.crt"), "\uFEFF" + older).toString();
    assertUnusable(
        verifying.copy().put("caFile", ownFile).put("host", "localhost"), "TLS with it failed");
    await(stores.store(verifying.copy().put("caFile", ownFile)).open());
    UserStore encrypted = stores.store(database.copy().put("tls", "require"));
    await(encrypted.open());
    await(encrypted.create(draft(1), WANTED));
  }

  @Test
  void files_thatCannotBeReadWhole(@TempDir Path folder) throws Exception {
    String pipe = SpecialFiles.pipe(folder).toString();
    String large = SpecialFiles.ofBytes(folder, (1 << 20) + 1).toString();
    JsonObject verifying = database.copy().put("tls", "verify-full");

    for (String odd : List.of(pipe, "/dev/zero")) {
      assertUnusable(
          database.copy().put("passwordFile", odd),
          odd + " is not a regular file: \"store.postgres.passwordFile\"");
      assertUnusable(
          verifying.copy().put("caFile", odd),
          odd + " is not a regular file: \"store.postgres.caFile\"");
    }
    assertUnusable(
        database.copy().put("passwordFile", large),
        large + " is larger than 1 MiB: \"store.postgres.passwordFile\"");
  }

  @Test
  void passwordFile_readableByOthers_isWarnedOfOnce(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "s3cret");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    try (LogLines lines = LogLines.of("dev.userservice.store.PostgresPools")) {
      UserStore store = stores.store(database.copy().put("passwordFile", file.toString()));
      await(store.open());
      await(store.create(draft(1), WANTED));
      await(store.get(1));

      assertThat(lines.messages())
          .containsExactly(
              "%s can be read by every user of this machine (rw-r--r--): chmod 600 %s (\"store.postgres.passwordFile\")"
                  .formatted(file, file));
    }
  }

  private void assertUnusable(JsonObject settings, String why) {
    StoreException refused = failure(stores.store(settings).open());

    assertThat(refused.reason()).as(refused.getMessage()).isEqualTo(Reason.UNUSABLE);
    assertThat(refused).hasMessageContaining(why);
  }

  private void failWrites(String statement) {
    server.execute(
        name,
        "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN "
            + statement
            + "; RETURN NULL; END $$ LANGUAGE plpgsql;"
            + "CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH STATEMENT"
            + " EXECUTE FUNCTION refuse()");
  }

  private UserStore open() {
    return stores.open(database);
  }

  private UserStore openImpatient() {
    database.put("timeoutMillis", SHORT_TIMEOUT_MILLIS);
    return open();
  }

  /** Another session's lock on the table of users. */
  private final class Lock implements AutoCloseable {

    private final Connection connection = server.connect(name);

    Lock(String mode) throws SQLException {
      connection.setAutoCommit(false);
      execute("LOCK TABLE users IN " + mode + " MODE");
    }

    /** Returns when a statement waits for the lock. */
    void awaitWaiter() throws SQLException {
      String waiters =
          "SELECT 1 FROM pg_stat_activity"
              + " WHERE datname = '"
              + name
              + "' AND wait_event_type = 'Lock'";
      try (Connection other = server.connect("postgres");
          Statement statement = other.createStatement()) {
        Waits.until("a statement waits for the lock", () -> hasRow(statement, waiters));
      }
    }

    private static boolean hasRow(Statement statement, String query) {
      try (ResultSet rows = statement.executeQuery(query)) {
        return rows.next();
      } catch (SQLException unexpected) {
        throw new AssertionError(unexpected);
      }
    }

    @Override
    public void close() throws SQLException {
      connection.rollback();
      connection.close();
    }

    private void execute(String sql) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }
  }
}
