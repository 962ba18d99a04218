package dev.userservice.store;

import static dev.userservice.store.PostgresStatements.columns;
import static dev.userservice.store.PostgresStatements.list;
import static dev.userservice.store.PostgresStatements.planned;

import dev.userservice.config.PostgresConfig;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Users in a PostgreSQL database, which any number of servers may share.
 *
 * <p>Each write is one statement that commits by itself, so a paused process holds no lock. Each
 * takes the same advisory lock before it takes an id, and holds it until its commit is visible. So
 * ids become visible in their order, and writes cannot deadlock. Creates of many callers share one
 * statement.
 */
final class PostgresStore implements UserStore {

  /** Max users of a group of creates: larger groups are not faster. */
  private static final int GROUP_USERS = 1_000;

  private static final int MAX_TRIES = 3;

  /** {@link GroupCommit} has checked this already. */
  private static final BooleanSupplier WANTED = () -> false;

  /** Time for the network, added to the statement timeout of the server. */
  private static final int NETWORK_MILLIS = 1_000;

  private final PostgresPools pools;
  private final PostgresSchema schema;
  private final PostgresFailures failures;
  private final int timeoutMillis;
  private final GroupCommit creates;

  /** Counts the changes of the schema after which statements had to be prepared again. */
  private final AtomicInteger plans = new AtomicInteger();

  private volatile boolean open;

  PostgresStore(PostgresConfig config, Vertx vertx) {
    pools = new PostgresPools(config, vertx);
    failures = new PostgresFailures(config);
    schema = new PostgresSchema(config);
    timeoutMillis = config.timeoutMillis() + NETWORK_MILLIS;
    creates =
        new GroupCommit(
            vertx, config.queueSize(), GROUP_USERS, config.timeoutMillis(), this::createGroup);
  }

  @Override
  public Future<Void> open() {
    return schema
        .migrate(pools.writing())
        .onSuccess(ready -> open = true)
        .recover(failure -> Future.failedFuture(failures.ofOpening(failure)));
  }

  @Override
  public Future<UserResponse> get(int userId) {
    return read(PostgresStatements.GET, Tuple.of(userId))
        .map(
            rows -> {
              if (rows.size() == 0) {
                throw StoreException.notFound();
              }
              return PostgresStatements.user(rows.iterator().next());
            });
  }

  @Override
  public Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    return open
        ? creates
            .add(List.of(draft), abandoned)
            .map(ids -> draft.toBuilder().setUserId(ids.get(0)).build())
        : StoreException.notOpen();
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    if (!open) {
      return StoreException.notOpen();
    }
    Set<String> keys = new HashSet<>();
    for (UserResponse draft : drafts) {
      if (!keys.add(Emails.canonical(draft.getEmail()))) {
        return firstTaken(drafts.subList(0, keys.size()))
            .compose(
                taken ->
                    Future.failedFuture(
                        StoreException.emailTaken(taken == null ? keys.size() : taken)));
      }
    }
    return drafts.isEmpty() ? Future.succeededFuture(List.of()) : insertAll(drafts, abandoned);
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    return read(PostgresStatements.PAGE, Tuple.of(afterUserId, limit))
        .map(rows -> list(rows, PostgresStatements::user));
  }

  @Override
  public Future<Void> health() {
    return read(PostgresStatements.HEALTH, Tuple.tuple())
        .compose(
            rows ->
                rows.iterator().next().getBoolean(0)
                    ? pools
                        .endStandbys()
                        .transform(ended -> Future.failedFuture(failures.standby()))
                    : canWrite());
  }

  @Override
  public Future<Void> close() {
    open = false;
    return creates.close().eventually(pools::close);
  }

  private Future<RowSet<Row>> read(String sql, Tuple values) {
    return open ? read(sql, values, 1) : StoreException.notOpen();
  }

  private Future<RowSet<Row>> read(String sql, Tuple values, int tries) {
    int planned = plans.get();
    return pools
        .reading()
        .preparedQuery(planned(sql, planned))
        .execute(values)
        .timeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .recover(
            failure -> {
              boolean again =
                  PostgresFailures.isLost(failure)
                      ? tries <= pools.maxLosses()
                      : mayRetry(failure, planned) && tries < MAX_TRIES;
              return again
                  ? pools.forgetLost().compose(forgotten -> read(sql, values, tries + 1))
                  : Future.failedFuture(failures.of(failure));
            });
  }

  /** Inserts no user, which needs the same as any write. A slow store still counts as healthy. */
  private Future<Void> canWrite() {
    return write(PostgresStatements.INSERT_FREE, columns(List.of()), WANTED, 1)
        .transform(
            end -> {
              Throwable failure = end.succeeded() ? null : failures.of(end.cause());
              return failure == null || PostgresFailures.isBusy(failure)
                  ? Future.succeededFuture()
                  : Future.failedFuture(failure);
            });
  }

  /** Runs a writing statement; retries it after a transient refusal. */
  private Future<RowSet<Row>> write(
      String sql, Tuple values, BooleanSupplier abandoned, int tries) {
    int planned = plans.get();
    return pools
        .writing()
        .getConnection()
        .map(PostgresPools::quiet)
        .recover(failure -> Future.failedFuture(failures.of(failure)))
        .compose(
            connection ->
                abandoned.getAsBoolean()
                    ? connection
                        .close()
                        .compose(free -> Future.failedFuture(StoreException.abandoned()))
                    :
                    // A connection that does not answer is not returned before it is closed.
                    connection
                        .preparedQuery(planned(sql, planned))
                        .execute(values)
                        .transform(end -> giveBack(connection, end))
                        .timeout(timeoutMillis, TimeUnit.MILLISECONDS))
        .recover(
            failure ->
                mayRetry(failure, planned) && tries < MAX_TRIES
                    ? write(sql, values, abandoned, tries + 1)
                    : Future.failedFuture(failure));
  }

  /** Returns a connection to the pool, or ends it if its server only reads, after a failover. */
  private <T> Future<T> giveBack(SqlConnection connection, AsyncResult<T> end) {
    Future<?> given =
        PostgresFailures.isReadOnly(end.cause()) ? pools.end(connection) : connection.close();
    return given.transform(
        ended ->
            end.succeeded()
                ? Future.succeededFuture(end.result())
                : Future.failedFuture(end.cause()));
  }

  /** Returns true when the statement was not executed, and a retry may succeed. */
  private boolean mayRetry(Throwable failure, int planned) {
    if (PostgresFailures.isOldPlan(failure)) {
      plans.compareAndSet(planned, planned + 1);
      return true;
    }
    return PostgresFailures.isRetryable(failure) || PostgresFailures.isReadOnly(failure);
  }

  /** Creates the users of a group; of two with the same address, the first one wins. */
  private Future<Void> createGroup(List<GroupCommit.Write> group) {
    Map<String, GroupCommit.Write> first = new LinkedHashMap<>();
    List<GroupCommit.Write> repeats = new ArrayList<>();
    for (GroupCommit.Write write : group) {
      if (first.putIfAbsent(Emails.canonical(write.drafts().get(0).getEmail()), write) != null) {
        repeats.add(write);
      }
    }
    List<UserResponse> drafts =
        first.values().stream().map(write -> write.drafts().get(0)).toList();
    return write(PostgresStatements.INSERT_FREE, columns(drafts), WANTED, 1)
        .map(
            created -> {
              for (Row row : created) {
                first.remove(row.getString(1)).done(List.of(row.getInteger(0)));
              }
              first.values().forEach(write -> write.failed(StoreException.emailTaken(0)));
              repeats.forEach(write -> write.failed(StoreException.emailTaken(0)));
              return (Void) null;
            })
        .recover(
            failure ->
                group.size() > 1 && PostgresFailures.isOfOneWrite(failure)
                    ? createEach(group)
                    : Future.failedFuture(failures.ofWrite(failure)));
  }

  /** Creates the users of a group one by one, so that one the database cannot store fails alone. */
  private Future<Void> createEach(List<GroupCommit.Write> group) {
    Future<Void> all = Future.succeededFuture();
    for (GroupCommit.Write write : group) {
      all =
          all.compose(
              before -> createGroup(List.of(write)).onFailure(write::failed).otherwiseEmpty());
    }
    return all;
  }

  private Future<List<Integer>> insertAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    return write(PostgresStatements.INSERT_ALL, columns(drafts), abandoned, 1)
        .compose(
            created ->
                created.size() == 0
                    ? refusal(drafts)
                    : Future.succeededFuture(list(created, row -> row.getInteger(0))))
        .recover(
            failure ->
                PostgresFailures.is(failure, PostgresFailures.UNIQUE_VIOLATION)
                    ? refusal(drafts)
                    : Future.failedFuture(failures.ofWrite(failure)));
  }

  private Future<List<Integer>> refusal(List<UserResponse> drafts) {
    return firstTaken(drafts)
        .compose(
            taken ->
                Future.failedFuture(
                    taken == null
                        ? new StoreException(
                            Reason.CONFLICT, "an e-mail address was taken, and is free again")
                        : StoreException.emailTaken(taken)));
  }

  /** The index of the first draft whose address is taken, or null. */
  private Future<Integer> firstTaken(List<UserResponse> drafts) {
    String[] keys =
        drafts.stream().map(draft -> Emails.canonical(draft.getEmail())).toArray(String[]::new);
    return read(PostgresStatements.FIRST_TAKEN, Tuple.of(keys))
        .map(
            rows -> {
              Integer number = rows.iterator().next().getInteger(0);
              return number == null ? null : number - 1;
            });
  }
}
