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
 * The connections to a PostgreSQL, in two halves. Those that read are pipelined: many short
 * statements share one. Those that write are not: a statement that waits for a lock would hold up
 * all behind it, and each commit its fsync.
 */
final class PostgresPools {

  /** Short statements on their way on one reading connection. */
  private static final int PIPELINED = 64;

  /** We have fewer statements than this. */
  private static final int CACHED_STATEMENTS = 32;

  /** A connection that nobody has used for so long is closed. */
  private static final int IDLE_MILLIS = 60_000;

  /** How late the pool may be with that. */
  private static final int LATE_MILLIS = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(PostgresPools.class);

  private final Vertx vertx;
  private final PostgresConfig config;
  private final int readers;
  private final SqlClient reading;
  private final Pool writing;

  /** Whether it was looked at who can read the password: once, but it is read more often. */
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

  /** A connection that fails says so by its statements alone; the driver would print it too. */
  static SqlConnection quiet(SqlConnection connection) {
    return connection.exceptionHandler(failure -> {});
  }

  /**
   * Ends a connection that must not be used again. Closed, a pool's connection would only be given
   * back; a role may end its own sessions without a further right.
   */
  Future<Void> end(SqlConnection connection) {
    Promise<Void> ended = Promise.promise();
    // In a turn of its own: the pool forgets the connection after this handler.
    connection.closeHandler(end -> vertx.runOnContext(turn -> ended.tryComplete()));
    connection.query("SELECT pg_terminate_backend(pg_backend_pid())").execute();
    // Given back before its end is seen, it would be handed to the next statement.
    return ended
        .future()
        .timeout(config.timeoutMillis(), TimeUnit.MILLISECONDS)
        .transform(end -> connection.close());
  }

  /** Ends the reading connections to a standby; statements on them fail as UNAVAILABLE. */
  Future<Void> endStandbys() {
    List<Future<?>> ends = new ArrayList<>();
    // At once, so that each finds a connection of its own.
    for (int i = 0; i < readers; i++) {
      ends.add(
          reading
              .query(
                  "SELECT CASE WHEN pg_is_in_recovery() THEN pg_terminate_backend(pg_backend_pid()) END")
              .execute());
    }
    return Future.join(ends).otherwiseEmpty().mapEmpty();
  }

  Future<Void> close() {
    return Future.join(reading.close(), writing.close()).mapEmpty();
  }

  /**
   * @param name what metrics call it
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
        // A dead network says nothing. Longer than an idle connection is kept and a statement may
        // take together, or it would close those that have just been given to somebody.
        .setReadIdleTimeout(IDLE_MILLIS + LATE_MILLIS + config.timeoutMillis());
  }

  /** Sets a new connection up: by statements, which a pooler passes on in session mode. */
  private void prepare(SqlConnection connection) {
    quiet(connection)
        .query(
            "SET statement_timeout = "
                + config.timeoutMillis()
                // A plan made while the table was small would read all of it, as long as it is
                // kept.
                + "; SET enable_seqscan = off"
                // Whatever the database's default is: what is acknowledged is on disk.
                + "; SET synchronous_commit = on")
        .execute()
        // Into the pool; one that failed here fails its next statement.
        .onComplete(set -> connection.close());
  }

  /** Asked for each new connection, so that a new password or authority is taken up. */
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

  /** The driver would refuse an empty one too, but without the name of the file. */
  private static String password(Buffer bytes, String file) {
    String password = withoutLineEnd(bytes.toString(StandardCharsets.UTF_8));
    if (password.isEmpty()) {
      throw unusable("passwordFile", file + " is empty");
    }
    return password;
  }

  /** Editors and {@code echo} end a line that is meant as a password only. */
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

  /** Null without TLS. */
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
      // The driver says nothing about a file without one, and waits.
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
    // A statement writes the users of several calls: each is traced by what it asked of the store.
    target.setTracingPolicy(TracingPolicy.IGNORE);
    Map<String, String> properties = new HashMap<>(target.getProperties());
    properties.put("application_name", "user-service");
    // A pooler refuses parameters it does not know; this one is about numbers that we do not have.
    properties.remove("extra_float_digits");
    target.setProperties(properties);
    return trust == null
        ? target
        : target
            .setSslMode(config.tls().equals("require") ? SslMode.REQUIRE : SslMode.VERIFY_FULL)
            .setSslOptions(trust);
  }
}
