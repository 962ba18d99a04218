package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/** Brings a database to the schema of this code; any number of servers may do so at once. */
final class PostgresSchema {

  /** The advisory lock that a schema change holds. */
  private static final long LOCK = 0x7573657273L;

  /** With fewer, only one connection writes; detecting the mode of a pooler takes two. */
  private static final int MIN_CONNECTIONS_TO_CHECK = 4;

  private final Migrations migrations = new Migrations("postgres");
  private final PostgresConfig config;

  PostgresSchema(PostgresConfig config) {
    this.config = config;
  }

  /** Brings the schema up to date; needs the right to make tables only when it changes. */
  Future<Void> migrate(Pool pool) {
    return pool.withConnection(
            connection ->
                checkSession(pool, connection)
                    .compose(fit -> checkEncoding(connection))
                    .compose(fit -> version(connection)))
        .map(version -> migrations.after(config, version))
        .compose(
            missing ->
                missing.isEmpty() ? Future.succeededFuture() : pool.withTransaction(this::migrate));
  }

  private Future<Void> migrate(SqlConnection connection) {
    return PostgresPools.quiet(connection)
        .query("SELECT pg_advisory_xact_lock(" + LOCK + ")")
        .execute()
        .compose(locked -> version(connection))
        .map(version -> migrations.after(config, version))
        .compose(missing -> run(connection, missing));
  }

  private Future<Void> run(SqlConnection connection, List<String> missing) {
    if (missing.isEmpty()) {
      return Future.succeededFuture();
    }
    // One simple query, which may have many statements.
    String all =
        "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY);\n"
            + String.join("\n", missing)
            + "\nINSERT INTO schema_version VALUES ("
            + migrations.version()
            + ");";
    return connection.query(all).execute().mapEmpty();
  }

  /** Refuses a database whose encoding cannot store every name. */
  private Future<Void> checkEncoding(SqlConnection connection) {
    return PostgresPools.quiet(connection)
        .query("SHOW server_encoding")
        .execute()
        .map(
            rows -> {
              String encoding = rows.iterator().next().getString(0);
              if (!encoding.equals("UTF8")) {
                throw unusable(
                    "its encoding is %s, which cannot store every name%nCreate one with \"createdb -E UTF8 -T template0 %s\""
                        .formatted(encoding, config.database()));
              }
              return null;
            });
  }

  /**
   * Refuses a pooler in transaction mode, which loses prepared statements and settings: there, each
   * transaction may get another session.
   */
  private Future<Void> checkSession(Pool pool, SqlConnection connection) {
    if (config.connections() < MIN_CONNECTIONS_TO_CHECK) {
      return Future.succeededFuture();
    }
    return session(connection)
        .compose(
            before ->
                pool.withTransaction(other -> session(other).compose(taken -> session(connection)))
                    .map(
                        after -> {
                          if (!after.equals(before)) {
                            throw unusable(
                                "a pooler in transaction mode is in between%nSet pool_mode = session for this database");
                          }
                          return null;
                        }));
  }

  private static Future<Integer> session(SqlConnection connection) {
    return PostgresPools.quiet(connection)
        .query("SELECT pg_backend_pid()")
        .execute()
        .map(rows -> rows.iterator().next().getInteger(0));
  }

  private StoreException unusable(String why) {
    return StoreException.unusable(config + ": " + why);
  }

  /**
   * Returns the version of the schema; 0 for none. Reads the catalog, because {@code to_regclass}
   * may still answer from before the wait for the lock.
   */
  private Future<Integer> version(SqlConnection connection) {
    return PostgresPools.quiet(connection)
        .query(
            "SELECT count(*) > 0 FROM pg_class"
                + " WHERE relname = 'schema_version' AND pg_table_is_visible(oid)")
        .execute()
        .compose(
            found ->
                found.iterator().next().getBoolean(0)
                    ? connection
                        .query("SELECT coalesce(max(version), 0) FROM schema_version")
                        .execute()
                        .map(rows -> rows.iterator().next().getInteger(0))
                    : Future.succeededFuture(0));
  }
}
