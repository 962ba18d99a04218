package dev.userservice;

import io.vertx.core.json.JsonObject;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A real PostgreSQL on a free port of the loopback address, with fsync as operators have it. */
public final class PostgresServer {

  /** It says what it unpacks, and all that PostgreSQL prints. Held, or it would be forgotten. */
  private static final Logger ITS_LOG = Logger.getLogger("io.zonky.test");

  static {
    ITS_LOG.setLevel(Level.WARNING);
  }

  private static final AtomicInteger DATABASES = new AtomicInteger();

  /** One for all tests that do it no harm; ends with this JVM. */
  private static PostgresServer shared;

  private final EmbeddedPostgres server;

  private PostgresServer() {
    try {
      server =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "on")
              .setServerConfig("synchronous_commit", "on")
              .setServerConfig("max_connections", "200")
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
}
