package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/** Brings a database to the schema of this code; any number of servers may do so at once. */
final class PostgresSchema {

  /** Whoever changes the schema holds this advisory lock. */
  private static final long LOCK = 0x7573657273L;

  private final Migrations migrations = new Migrations("postgres");
  private final PostgresConfig config;

  PostgresSchema(PostgresConfig config) {
    this.config = config;
  }

  /** Needs no right to make tables when there is nothing to do. */
  Future<Void> migrate(Pool pool) {
    return pool.withConnection(this::version)
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
