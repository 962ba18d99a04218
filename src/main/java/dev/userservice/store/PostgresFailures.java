package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.pgclient.PgException;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/**
 * What a failure of PostgreSQL or its driver means, by its SQLSTATE (PostgreSQL, Appendix A). Their
 * own words stay here: they may have a user's data in them.
 */
final class PostgresFailures {

  static final String UNIQUE_VIOLATION = "23505";

  private static final Set<String> RETRYABLE = Set.of("40001", "40P01");
  private static final Set<String> STATEMENT_TIMEOUT = Set.of("57014", "55P03");
  private static final Set<String> NO_ROOM = Set.of("53100", "2200H");

  /** Stopping, starting, too many connections, or a standby that only reads. */
  private static final Set<String> AWAY = Set.of("57P01", "57P02", "57P03", "53300", "25006");

  /** Also said by a server that had committed the statement, but goes away before it says so. */
  private static final Set<String> GONE_MEANWHILE = Set.of("57P01", "57P02");

  private static final String WRONG_PASSWORD = "the user or the password is not right";

  private static final Set<String> REFUSED = Set.of("28P01", "28000", "3D000", "42501");

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

  /** A failure before anything was sent, or of something that only reads. */
  Throwable of(Throwable failure) {
    if (failure instanceof StoreException known) {
      return known;
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
    String why = null;
    if (failure instanceof PgException refused) {
      why =
          switch (refused.getSqlState()) {
            case "28P01", "28000" -> WRONG_PASSWORD;
            case "3D000" ->
                "there is no such database%nMake it with \"createdb %s\""
                    .formatted(config.database());
            case "42501" -> "the user may not make tables, and they are not there";
            default -> null;
          };
    } else if (failure instanceof IllegalArgumentException) {
      // The driver's own refusal of a password that cannot be one, such as none.
      why = WRONG_PASSWORD;
    } else if (String.valueOf(failure.getMessage()).contains("SSL")) {
      why =
          "TLS with it failed%nIt may have none, or its certificate is for another host, or not from \"store.postgres.caFile\"";
    }
    return why == null
        ? of(failure)
        : new StoreException(Reason.UNUSABLE, config + ": " + why.formatted());
  }

  private RuntimeException of(String sqlState) {
    if (AWAY.contains(sqlState) || sqlState.startsWith("08") || REFUSED.contains(sqlState)) {
      return new StoreException(
          Reason.UNAVAILABLE, config + " is not ready (SQLSTATE " + sqlState + ")");
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
}
