package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.pgclient.PgException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/**
 * What a failure of PostgreSQL or its driver means, by its SQLSTATE (PostgreSQL, Appendix A). Their
 * own words stay here: they may have a user's data in them.
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

  /**
   * A statement was prepared before the schema changed: "cached plan must not change result type".
   */
  private static final String OLD_PLAN = "0A000";

  /**
   * Prepared statements that are missing or there twice: the connection was another's meanwhile.
   */
  private static final Set<String> POOLED = Set.of("26000", "42P05");

  /** Also said by a server that had committed the statement, but goes away before it says so. */
  private static final Set<String> GONE_MEANWHILE = Set.of("57P01", "57P02");

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

  /** Nothing was written. */
  static boolean isReadOnly(Throwable failure) {
    return is(failure, READ_ONLY);
  }

  static boolean isOldPlan(Throwable failure) {
    return is(failure, OLD_PLAN);
  }

  /**
   * A value the database cannot take, such as a character its encoding lacks: one write's fault.
   */
  static boolean isOfOneWrite(Throwable failure) {
    return failure instanceof PgException refused
        && refused.getSqlState().startsWith("22")
        && !NO_ROOM.contains(refused.getSqlState());
  }

  /** A failure before anything was sent, or of something that only reads. */
  Throwable of(Throwable failure) {
    if (failure instanceof StoreException known) {
      // A file of the configuration that is missing for a moment ends a start, but not a call.
      return known.reason() == Reason.UNUSABLE
          ? new StoreException(Reason.UNAVAILABLE, known.getMessage())
          : known;
    }
    if (failure instanceof PgException refused) {
      return of(refused.getSqlState());
    }
    if (failure instanceof ConnectionPoolTooBusyException) {
      return new StoreException(Reason.OVERLOADED, "too many calls wait for " + config);
    }
    if (failure instanceof TimeoutException) {
      return new StoreException(Reason.TIMED_OUT, config + " did not answer in time");
    }
    return new StoreException(Reason.UNAVAILABLE, config + " cannot be reached");
  }

  /** A failure of a write that was sent: what was not refused may have been done. */
  Throwable ofWrite(Throwable failure) {
    boolean answered =
        failure instanceof StoreException
            || failure instanceof PgException refused
                && !GONE_MEANWHILE.contains(refused.getSqlState())
                && !refused.getSqlState().startsWith("08");
    return answered
        ? of(failure)
        : new StoreException(Reason.OUTCOME_UNKNOWN, config + " went away during a write");
  }

  /** A failure to open: some of them no second try helps. */
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
                "there is no such database%nMake it with \"createdb %s\""
                    .formatted(config.database());
            case "42501" -> "the user may not make tables, and they are not there";
            case "3F000" ->
                "no schema of the search_path exists%nMake it, or set another: ALTER ROLE \"%s\" SET search_path = public"
                    .formatted(config.user());
            case "42P01", "42703", "42804", "42883", "42P07", "22P02" ->
                "the tables \"users\" and \"schema_version\" there are not this program's (SQLSTATE %s)%nName another database, or a schema of its own: ALTER ROLE \"%s\" SET search_path = NAME"
                    .formatted(refused.getSqlState(), config.user());
            case "08P01" ->
                "a pooler in between refuses the connection, and its log says why%nWhere it is a startup parameter, give PgBouncer ignore_startup_parameters = DateStyle,client_encoding,application_name";
            default -> null;
          };
    } else if (failure instanceof UnsupportedAddressTypeException) {
      why =
          "its address is of IPv6, and this machine, or its Java (java.net.preferIPv4Stack), has none";
    } else if (failure instanceof IllegalArgumentException) {
      // The driver's own refusal of a password that cannot be one, such as none.
      why = WRONG_PASSWORD;
    } else if (String.valueOf(failure.getMessage()).contains("SSL")) {
      why =
          "TLS with it failed%nIt may have none, or its certificate is for another host, or not from \"store.postgres.caFile\"";
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
          "has no longer the tables of this program (SQLSTATE %s): restore a backup"
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
      return new StoreException(Reason.CONFLICT, "other writes were in the way three times");
    }
    if (NO_ROOM.contains(sqlState)) {
      return new StoreException(Reason.FULL, config + " has no room left");
    }
    return new IllegalStateException("PostgreSQL failed with SQLSTATE " + sqlState);
  }

  /** The database is there, but takes no writes. */
  StoreException standby() {
    return unavailable("is a standby");
  }

  private StoreException unavailable(String why) {
    return new StoreException(Reason.UNAVAILABLE, config + " " + why);
  }
}
