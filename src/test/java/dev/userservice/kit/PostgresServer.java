package dev.userservice.kit;

import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.JsonObject;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** A real PostgreSQL on a free port of the loopback address, with fsync as operators have it. */
public final class PostgresServer implements AutoCloseable {

  /**
   * It says all that PostgreSQL prints, and when one that has crashed cannot be stopped. Held, or
   * it would be forgotten.
   */
  private static final Logger ITS_LOG = Logger.getLogger("io.zonky.test");

  static {
    // Vert.x reads the logging configuration with its first logger; later, that would undo this.
    LoggerFactory.getLogger(PostgresServer.class);
    ITS_LOG.setLevel(Level.OFF);
  }

  private static final AtomicInteger DATABASES = new AtomicInteger();

  /** One for all tests that do it no harm; ends with this JVM. */
  private static PostgresServer shared;

  private final Path data;
  private EmbeddedPostgres server;

  private PostgresServer() {
    try {
      data = Files.createTempDirectory("postgres");
      server = start(FreePorts.one());
      Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One of its own, for a test that does it harm. */
  public static PostgresServer start() {
    return new PostgresServer();
  }

  public static synchronized PostgresServer shared() {
    if (shared == null) {
      shared = new PostgresServer();
    }
    return shared;
  }

  /** A new, empty database on the shared server, as {@code store.postgres} of a configuration. */
  public static JsonObject newDatabase() {
    return shared().database();
  }

  /** A new, empty database, as {@code store.postgres} of a configuration. */
  public JsonObject database() {
    String name = "users" + DATABASES.incrementAndGet();
    execute("postgres", "CREATE DATABASE " + name);
    return new JsonObject()
        .put("host", "127.0.0.1")
        .put("port", server.getPort())
        .put("database", name)
        .put("user", "postgres");
  }

  /** Ends it as {@code pg_ctl stop -m immediate} does: without a word, and with no clean-up. */
  public void crash() throws Exception {
    ProcessHandle postmaster = postmaster().orElseThrow();
    signal("QUIT", postmaster);
    awaitEnd(postmaster);
  }

  /** Starts it again, on the same port with the same data. */
  public void startAgain() throws IOException {
    server.close();
    server = start(server.getPort());
  }

  /** All of its processes stand still, and its connections stay open. */
  public void freeze() throws Exception {
    signalAll("STOP");
  }

  public void thaw() throws Exception {
    signalAll("CONT");
  }

  /** From now on a user of this name needs a password. */
  public void askForPassword(String user) throws IOException {
    Path access = data.resolve("pg_hba.conf");
    Files.writeString(
        access, "host all " + user + " 127.0.0.1/32 scram-sha-256\n" + Files.readString(access));
    execute("postgres", "SELECT pg_reload_conf()");
  }

  /** From now on it takes connections with TLS too. */
  public void useTls(Certificate certificate) throws Exception {
    Files.copy(certificate.certificate(), data.resolve("server.crt"));
    Path key = Files.copy(certificate.key(), data.resolve("server.key"));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    execute("postgres", "ALTER SYSTEM SET ssl = on");
    execute("postgres", "SELECT pg_reload_conf()");
  }

  /** Also called when this JVM ends. */
  @Override
  public synchronized void close() {
    if (!Files.exists(data)) {
      return;
    }
    try {
      Optional<ProcessHandle> postmaster = postmaster();
      server.close();
      // It gives up waiting sooner than a busy machine needs, and files that come and go cannot be
      // walked.
      postmaster.ifPresent(PostgresServer::awaitEnd);
      try (Stream<Path> files = Files.walk(data)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a statement, as an operator would. */
  public void execute(String database, String sql) {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(server.getJdbcUrl("postgres", database));
  }

  private EmbeddedPostgres start(int port) throws IOException {
    return EmbeddedPostgres.builder()
        .setDataDirectory(data)
        .setCleanDataDirectory(false)
        .setRegisterShutdownHook(false)
        .setPort(port)
        .setPGStartupWait(Duration.ofSeconds(Waits.SECONDS))
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setServerConfig("max_connections", "200")
        .start();
  }

  private Optional<ProcessHandle> postmaster() throws IOException {
    Path file = data.resolve("postmaster.pid");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(Files.readAllLines(file).get(0).strip()));
  }

  private static void awaitEnd(ProcessHandle postmaster) {
    Waits.until("PostgreSQL ends", () -> !postmaster.isAlive());
  }

  private void signalAll(String name) throws Exception {
    ProcessHandle postmaster = postmaster().orElseThrow();
    signal(name, postmaster);
    for (ProcessHandle child : postmaster.descendants().toList()) {
      signal(name, child);
    }
  }

  private static void signal(String name, ProcessHandle process) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }
}
