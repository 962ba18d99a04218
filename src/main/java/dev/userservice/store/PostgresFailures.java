package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.VertxException;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.ClosedConnectionException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/**
 * Translates failures of PostgreSQL and its driver, by SQLSTATE (PostgreSQL, Appendix A). Their own
 * messages are dropped, because they may contain a user's data.
 */
final class PostgresFailures {

  static final String UNIQUE_VIOLATION = "23505";

  private static final Set<String> RETRYABLE = Set.of("40001", "40P01");
  private static final Set<String> DAMAGED = Set.of("XX001", "XX002", "58030", "58P01", "58P02");
  private static final Set<String> STATEMENT_TIMEOUT = Set.of("57014", "55P03");
  private static final Set<String> NO_ROOM = Set.of("53100", "2200H");

  /** Stopping, starting, or too many connections. */
  private static final Set<String> AWAY = Set.of("57P01", "57P02", "57P03", "53300");

  private static final String READ_ONLY = "25006";

  /** The schema changed after the statement was prepared. */
  private static final String OLD_PLAN = "0A000";

  /** Prepared statements that are missing or exist twice: a pooler has switched the connection. */
  private static final Set<String> POOLED = Set.of("26000", "42P05");

  /** Also sent by a server that committed the statement, but stops before it can confirm. */
  private static final Set<String> STOPPED_MEANWHILE = Set.of("57P01", "57P02");

  private static final Set<Reason> BUSY =
      Set.of(Reason.TIMED_OUT, Reason.OVERLOADED, Reason.CONFLICT);

  private static final String WRONG_PASSWORD = "the user or the password is not right";

  private static final Set<String> REFUSED = Set.of("28P01", "28000", "3D000");

  private final PostgresConfig config;

  PostgresFailures(PostgresConfig config) {
    this.config = config;
  }

  static boolean is(Throwable failure, String sqlState) {
    return failure instanceof PgException refused && sqlState.equals(refused.getSqlState());
  }

  static boolean isRetryable(Throwable failure) {
    return failure instanceof PgException refused && RETRYABLE.contains(refused.getSqlState());
  }

  /**
   * The connection ended before the answer: a read may be repeated, a write may have been applied.
   */
  static boolean isLost(Throwable failure) {
    if (failure instanceof PgException refused) {
      return STOPPED_MEANWHILE.contains(refused.getSqlState());
    }
    return failure instanceof ClosedConnectionException
        || failure instanceof SocketException && !(failure instanceof ConnectException)
        // The driver fails waiting statements without a class of their own.
        || failure instanceof VertxException
            && String.valueOf(failure.getMessage()).contains("has been closed");
  }

  /** The store works, but is slow, or others write the same. */
  static boolean isBusy(Throwable failure) {
    return failure instanceof StoreException refused && BUSY.contains(refused.reason());
  }

  /** The server refused a write, because it only reads. */
  static boolean isReadOnly(Throwable failure) {
    return is(failure, READ_ONLY);
  }

  static boolean isOldPlan(Throwable failure) {
    return is(failure, OLD_PLAN);
  }

  /** A value that the database cannot store, such as a character that its encoding lacks. */
  static boolean isOfOneWrite(Throwable failure) {
    return failure instanceof PgException refused
        && refused.getSqlState().startsWith("22")
        && !NO_ROOM.contains(refused.getSqlState());
  }

  /** A failure of a read, or before a write was sent. */
  Throwable of(Throwable failure) {
    if (failure instanceof StoreException known) {
      // A missing configuration file fails a start for good; for a call it may return.
      return known.reason() == Reason.UNUSABLE
          ? new StoreException(Reason.UNAVAILABLE, known.getMessage())
          : known;
    }
    if (failure instanceof PgException refused) {
      return of(refused.getSqlState());
    }
    if (failure instanceof ConnectionPoolTooBusyException) {
      return new StoreException(Reason.OVERLOADED, config + " has too many calls waiting");
    }
    if (failure instanceof TimeoutException) {
      return new StoreException(Reason.TIMED_OUT, config + " did not answer in time");
    }
    return new StoreException(Reason.UNAVAILABLE, config + " cannot be reached");
  }

  /** A failure of a write that was sent: unless it was refused, it may have been applied. */
  Throwable ofWrite(Throwable failure) {
    boolean answered =
        failure instanceof StoreException
            || failure instanceof PgException refused
                && !STOPPED_MEANWHILE.contains(refused.getSqlState())
                && !refused.getSqlState().startsWith("08");
    return answered
        ? of(failure)
        : new StoreException(
            Reason.OUTCOME_UNKNOWN,
            config + " was lost during a write, which may or may not have been applied");
  }

  /** A failure to open. Some are permanent: a retry does not help. */
  Throwable ofOpening(Throwable failure) {
    if (failure instanceof StoreException) {
      return failure;
    }
    String why = null;
    if (failure instanceof PgException refused) {
      why =
          switch (refused.getSqlState()) {
            case "28P01" -> WRONG_PASSWORD;
            case "28000" ->
                "refuses this user, database, address and TLS setting together%nCheck that the role exists and may log in, then pg_hba.conf, then \"store.postgres.tls\" (it is \"%s\")"
                    .formatted(config.tls());
            case "3D000" ->
                "the database does not exist%nCreate it with \"createdb %s\""
                    .formatted(config.database());
            case "42501" ->
                "the tables are missing, and the user may not make tables%nGrant it CREATE on the schema, or create them as another user";
            case "3F000" ->
                "no schema of the search_path exists%nCreate it, or set another: ALTER ROLE \"%s\" SET search_path = public"
                    .formatted(config.user());
            case "42P01", "42703", "42804", "42883", "42P07", "22P02" ->
                "the tables \"users\" and \"schema_version\" are not this program's (SQLSTATE %s)%nName another database, or a schema of its own: ALTER ROLE \"%s\" SET search_path = NAME"
                    .formatted(refused.getSqlState(), config.user());
            case "08P01" ->
                "a pooler in between refuses the connection%nIts log has the reason; for a startup parameter, set ignore_startup_parameters = DateStyle,client_encoding,application_name in PgBouncer";
            default -> null;
          };
    } else if (failure instanceof UnsupportedAddressTypeException) {
      why =
          "its address is of IPv6, which this machine or its Java does not have%nCheck java.net.preferIPv4Stack";
    } else if (failure instanceof IllegalArgumentException) {
      // The driver itself refuses an impossible password, such as an empty one.
      why = WRONG_PASSWORD;
    } else if (String.valueOf(failure.getMessage()).contains("SSL")) {
      why =
          "TLS with it failed%nCheck that it offers TLS, and that its certificate is for this host and from \"store.postgres.caFile\"";
    }
    return why == null ? of(failure) : StoreException.unusable(config + ": " + why);
  }

  private RuntimeException of(String sqlState) {
    if (sqlState.equals(READ_ONLY)) {
      return unavailable("only reads: a standby, or default_transaction_read_only is on");
    }
    if (sqlState.equals("42501")) {
      return unavailable(
          "refuses the user: GRANT SELECT, INSERT ON users TO \"%s\"".formatted(config.user()));
    }
    if (POOLED.contains(sqlState)) {
      return unavailable(
          "is behind a pooler that loses prepared statements: PgBouncer 1.21 with max_prepared_statements, or pool_mode = session");
    }
    if (sqlState.startsWith("42") || sqlState.equals("3F000")) {
      return unavailable(
          "no longer has the tables of this program (SQLSTATE %s): restore a backup"
              .formatted(sqlState));
    }
    if (DAMAGED.contains(sqlState)) {
      return unavailable(
          "is damaged or its disk fails (SQLSTATE %s): see its log, restore a backup"
              .formatted(sqlState));
    }
    if (sqlState.equals("28P01")) {
      return new StoreException(Reason.UNAVAILABLE, config + ": " + WRONG_PASSWORD);
    }
    if (AWAY.contains(sqlState) || sqlState.startsWith("08") || REFUSED.contains(sqlState)) {
      return unavailable("is not ready (SQLSTATE " + sqlState + ")");
    }
    if (STATEMENT_TIMEOUT.contains(sqlState)) {
      return new StoreException(Reason.TIMED_OUT, config + " did not answer in time");
    }
    if (RETRYABLE.contains(sqlState)) {
      return new StoreException(
          Reason.CONFLICT, "other writes conflicted with this one three times");
    }
    if (NO_ROOM.contains(sqlState)) {
      return new StoreException(Reason.FULL, config + " has no room left");
    }
    return new IllegalStateException("PostgreSQL failed with SQLSTATE " + sqlState);
  }

  /** The database answers, but refuses writes. */
  StoreException standby() {
    return unavailable("is a standby");
  }

  private StoreException unavailable(String why) {
    return new StoreException(Reason.UNAVAILABLE, config + " " + why);
  }
}
