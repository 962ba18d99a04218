package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/** Brings a database to the schema of this code; any number of servers may do so at once. */
final class PostgresSchema {

  /** Whoever changes the schema holds this advisory lock. */
  private static final long LOCK = 0x7573657273L;

  private final Migrations migrations = new Migrations("postgres");
  private final PostgresConfig config;
  private final PostgresFailures failures;

  PostgresSchema(PostgresConfig config, PostgresFailures failures) {
    this.config = config;
    this.failures = failures;
  }

  /** Needs no right to make tables when there is nothing to do. */
  Future<Void> migrate(Pool pool) {
    return pool.withConnection(
            connection -> checkDatabase(connection).compose(fit -> version(connection)))
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
    // As one simple query, which may have many statements.
    String all =
        "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY);\n"
            + String.join("\n", missing)
            + "\nINSERT INTO schema_version VALUES ("
            + migrations.version()
            + ");";
    return connection.query(all).execute().mapEmpty();
  }

  /**
   * Refuses a database that cannot hold every name, and a pooler that drops the connection's
   * settings, without which a write could be lost or a plan read the whole table.
   */
  private Future<Void> checkDatabase(SqlConnection connection) {
    return PostgresPools.quiet(connection)
        .query(
            "SELECT current_setting('server_encoding'), current_setting('enable_seqscan'),"
                + " current_setting('synchronous_commit'),"
                + " (SELECT setting FROM pg_settings WHERE name = 'statement_timeout')")
        .execute()
        .map(
            rows -> {
              Row row = rows.iterator().next();
              if (!row.getString(0).equals("UTF8")) {
                throw unusable(
                    "its encoding is %s, which cannot hold every name%nMake one with \"createdb -E UTF8 -T template0 %s\""
                        .formatted(row.getString(0), config.database()));
              }
              if (!row.getString(1).equals("off")
                  || row.getString(2).equals("off")
                  || !row.getString(3).equals("" + config.timeoutMillis())) {
                throw unusable(
                    "a pooler between drops the settings of a connection%nSet them in the database: "
                        + failures.settings());
              }
              return null;
            });
  }

  private StoreException unusable(String why) {
    return new StoreException(StoreException.Reason.UNUSABLE, config + ": " + why.formatted());
  }

  /**
   * The version that is there; 0 for none. Reads the catalog: {@code to_regclass} may still say
   * what was so before we waited for the lock.
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
