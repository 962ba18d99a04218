package dev.userservice.store;

import dev.userservice.config.BoundedFile;
import dev.userservice.config.PemFile;
import dev.userservice.config.PostgresConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnectOptions;
import io.vertx.sqlclient.SqlConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The connections to a PostgreSQL, in two pools. Reading connections are pipelined: many short
 * statements share one. Writing connections are not: a statement that waits for a lock, or a commit
 * for its fsync, would delay all behind it.
 */
final class PostgresPools {

  /** Max statements in flight on one reading connection. */
  private static final int PIPELINED = 64;

  /** More than the number of statements of this program. */
  private static final int CACHED_STATEMENTS = 32;

  /** Idle connections are closed after this time. */
  private static final int IDLE_MILLIS = 60_000;

  /** The max delay of the pool in closing them. */
  private static final int LATE_MILLIS = 10_000;

  /** The driver fails the statements of a lost connection first, and forgets it after that. */
  private static final int FORGET_MILLIS = 10;

  private static final Logger LOG = LoggerFactory.getLogger(PostgresPools.class);

  private final Vertx vertx;
  private final PostgresConfig config;
  private final int readers;
  private final SqlClient reading;
  private final Pool writing;

  /** True once the mode of the password file was checked: it is read for each connection. */
  private final AtomicBoolean checked = new AtomicBoolean();

  PostgresPools(PostgresConfig config, Vertx vertx) {
    this.vertx = vertx;
    this.config = config;
    int writers = config.connections() / 2;
    readers = config.connections() - writers;
    reading =
        PgBuilder.client()
            .with(pool("postgres-read", readers))
            .with(net())
            .withConnectHandler(this::prepare)
            .connectingTo(this::target)
            .using(vertx)
            .build();
    writing =
        PgBuilder.pool()
            .with(pool("postgres-write", writers))
            .with(net())
            .withConnectHandler(this::prepare)
            .connectingTo(this::target)
            .using(vertx)
            .build();
  }

  SqlClient reading() {
    return reading;
  }

  Pool writing() {
    return writing;
  }

  /** Silences the driver, which prints failures that the statements report anyway. */
  static SqlConnection quiet(SqlConnection connection) {
    return connection.exceptionHandler(failure -> {});
  }

  /**
   * Ends a connection that must not be used again. Closing it would only return it to the pool. A
   * role needs no further right to end its own sessions.
   */
  Future<Void> end(SqlConnection connection) {
    Promise<Void> ended = Promise.promise();
    // In a later turn: the pool forgets the connection after this handler.
    connection.closeHandler(end -> vertx.runOnContext(turn -> ended.tryComplete()));
    connection.query("SELECT pg_terminate_backend(pg_backend_pid())").execute();
    // Returned before its end is seen, it would get the next statement.
    return ended
        .future()
        .timeout(config.timeoutMillis(), TimeUnit.MILLISECONDS)
        .transform(end -> connection.close());
  }

  /** Ends the reading connections to a standby; statements on them are repeated. */
  Future<Void> endStandbys() {
    List<Future<?>> ends = new ArrayList<>();
    // Concurrently, so that each gets its own connection.
    for (int i = 0; i < readers; i++) {
      ends.add(
          reading
              .query(
                  "SELECT CASE WHEN pg_is_in_recovery() THEN pg_terminate_backend(pg_backend_pid()) END")
              .execute());
    }
    return Future.join(ends).otherwiseEmpty().mapEmpty();
  }

  /**
   * The max connections that a read may lose: each of its pool once, if all are ended one after the
   * other; a new one then answers it.
   */
  int maxLosses() {
    return readers;
  }

  /** Waits until the pools do not hand out a connection that was just lost. */
  Future<?> forgetLost() {
    return vertx.timer(FORGET_MILLIS, TimeUnit.MILLISECONDS);
  }

  Future<Void> close() {
    return Future.join(reading.close(), writing.close()).mapEmpty();
  }

  /**
   * @param name the name of the pool in metrics
   */
  private PoolOptions pool(String name, int connections) {
    return new PoolOptions()
        .setName(name)
        .setMaxSize(connections)
        .setMaxWaitQueueSize(config.queueSize())
        .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS)
        .setConnectionTimeout(config.timeoutMillis())
        .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
        .setIdleTimeout(IDLE_MILLIS);
  }

  private NetClientOptions net() {
    return new NetClientOptions()
        .setConnectTimeout(config.connectTimeoutMillis())
        .setTcpKeepAlive(true)
        .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
        // Detects a dead network. Longer than idle time and statement timeout together: a shorter
        // one would close connections that have just been handed out.
        .setReadIdleTimeout(IDLE_MILLIS + LATE_MILLIS + config.timeoutMillis());
  }

  /** Sets up a new connection, by statements, which a pooler in session mode passes on. */
  private void prepare(SqlConnection connection) {
    quiet(connection)
        .query(
            "SET statement_timeout = "
                + config.timeoutMillis()
                // A cached plan from when the table was small would scan all of it.
                + "; SET enable_seqscan = off"
                // Overrides the database's default: acknowledged users are on disk.
                + "; SET synchronous_commit = on")
        .execute()
        // Returns it to the pool; if this failed, its next statement fails too.
        .onComplete(set -> connection.close());
  }

  /** Called for each new connection, so that it uses a new password or authority. */
  private Future<SqlConnectOptions> target() {
    return password().compose(password -> trust().map(trust -> target(password, trust)));
  }

  private Future<String> password() {
    String file = config.passwordFile();
    if (file.isEmpty()) {
      return Future.succeededFuture(withoutLineEnd(config.password()));
    }
    return (checked.getAndSet(true) ? Future.<Void>succeededFuture() : warnIfOpen(file))
        .compose(warned -> read("passwordFile", file))
        .map(bytes -> password(bytes, file));
  }

  /** Refuses an empty one, as the driver does, but with the name of the file. */
  private static String password(Buffer bytes, String file) {
    String password = withoutLineEnd(bytes.toString(StandardCharsets.UTF_8));
    if (password.isEmpty()) {
      throw unusable("passwordFile", file + " is empty");
    }
    return password;
  }

  /** Editors and {@code echo} add a line end to a password. */
  private static String withoutLineEnd(String password) {
    return password.replaceFirst("[\\r\\n]+$", "");
  }

  private Future<Void> warnIfOpen(String file) {
    return vertx.executeBlocking(
        () -> {
          BoundedFile.warnIfOpen(file, "store.postgres.passwordFile", LOG::warn);
          return null;
        });
  }

  /** The TLS settings; null without TLS. */
  private Future<ClientSSLOptions> trust() {
    return switch (config.tls()) {
      case "disable" -> Future.succeededFuture();
      case "require" -> Future.succeededFuture(new ClientSSLOptions().setTrustAll(true));
      default -> read("caFile", config.caFile()).map(this::trust);
    };
  }

  private ClientSSLOptions trust(Buffer bytes) {
    Buffer authorities;
    try {
      // With a file without certificates, the driver would wait instead of fail.
      authorities = PemFile.write(PemFile.of(config.caFile(), bytes.getBytes()).authorities());
    } catch (BoundedFile.UnfitException e) {
      throw unusable("caFile", config.caFile() + " " + e.getMessage());
    }
    return new ClientSSLOptions()
        .setHostnameVerificationAlgorithm("HTTPS")
        .setTrustOptions(new PemTrustOptions().addCertValue(authorities));
  }

  private Future<Buffer> read(String key, String file) {
    return vertx.executeBlocking(
        () -> {
          try {
            return Buffer.buffer(BoundedFile.read(Path.of(file)));
          } catch (BoundedFile.UnfitException e) {
            throw unusable(key, file + " " + e.getMessage());
          } catch (IOException | InvalidPathException e) {
            throw unusable(key, file + " cannot be read");
          }
        });
  }

  private static StoreException unusable(String key, String why) {
    return StoreException.unusable(why + ": \"store.postgres." + key + "\"");
  }

  private SqlConnectOptions target(String password, ClientSSLOptions trust) {
    PgConnectOptions target =
        new PgConnectOptions()
            .setHost(config.host())
            .setPort(config.port())
            .setDatabase(config.database())
            .setUser(config.user())
            .setPassword(password)
            .setPipeliningLimit(PIPELINED)
            .setCachePreparedStatements(true)
            .setPreparedStatementCacheMaxSize(CACHED_STATEMENTS);
    // A statement writes the users of several calls; StoreObserver traces each call.
    target.setTracingPolicy(TracingPolicy.IGNORE);
    Map<String, String> properties = new HashMap<>(target.getProperties());
    properties.put("application_name", "user-service");
    // A pooler refuses unknown parameters; this one concerns floats, which are not used.
    properties.remove("extra_float_digits");
    target.setProperties(properties);
    return trust == null
        ? target
        : target
            .setSslMode(config.tls().equals("require") ? SslMode.REQUIRE : SslMode.VERIFY_FULL)
            .setSslOptions(trust);
  }
}
