package dev.userservice.store;

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
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * Users in a PostgreSQL database, which any number of servers may share.
 *
 * <p>Each write is one statement that commits by itself: no lock waits for this process, however
 * long it stands still. Each takes the same advisory lock before it takes an id, and holds it until
 * its commit can be seen: so ids become visible in their order, and writes cannot deadlock. Creates
 * of many callers go together in one statement.
 */
final class PostgresStore implements UserStore {

  /** Users of a group of creates: past this, larger groups are no faster. */
  private static final int GROUP_USERS = 1_000;

  private static final int MAX_TRIES = 3;

  /** {@link GroupCommit} has asked already. */
  private static final BooleanSupplier WANTED = () -> false;

  /** What the network may add to the time that the server gives a statement. */
  private static final int NETWORK_MILLIS = 1_000;

  /** The turn has to come before the ids: it is joined, and ids are taken for what comes out. */
  private static final String INSERT =
      """
      WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(7310579692340))
      INSERT INTO users (name, email, email_key, age, created_at)
      SELECT d.name, d.email, d.email_key, d.age, d.created_at
      FROM turn,
        unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[])
        WITH ORDINALITY AS d (name, email, email_key, age, created_at, n)
      """;

  /** Addresses of $3 that belong to somebody: one walk through the index for all of them. */
  private static final String TAKEN = "users u WHERE u.email_key = ANY($3::text[])";

  /** Those whose address is free. Asks first, because a conflict uses up an id. */
  private static final String INSERT_FREE =
      INSERT
          + "WHERE d.email_key NOT IN (SELECT u.email_key FROM "
          + TAKEN
          + """
          )
          ORDER BY d.n
          ON CONFLICT (email_key) DO NOTHING
          RETURNING user_id, email_key""";

  /** All, or none when one address is taken; when one is taken this very moment, it fails. */
  private static final String INSERT_ALL =
      INSERT
          + "WHERE (SELECT count(*) FROM "
          + TAKEN
          + """
          ) = 0
          ORDER BY d.n
          RETURNING user_id""";

  private static final String FIRST_TAKEN =
      """
      SELECT min(k.n)::integer FROM unnest($1::text[]) WITH ORDINALITY AS k (email_key, n)
      WHERE (SELECT 1 FROM users u WHERE u.email_key = k.email_key) IS NOT NULL""";

  private static final Set<Reason> BUSY =
      Set.of(Reason.TIMED_OUT, Reason.OVERLOADED, Reason.CONFLICT);

  /** Needs what reads need. */
  private static final String HEALTH =
      "SELECT pg_is_in_recovery(), (SELECT count(user_id) FROM users WHERE user_id = 0)";

  private static final String SELECT =
      "SELECT user_id, name, email, age, created_at FROM users WHERE user_id ";

  private final PostgresPools pools;
  private final PostgresSchema schema;
  private final PostgresFailures failures;
  private final int timeoutMillis;
  private final GroupCommit creates;

  /** How often statements had to be planned again because the schema changed. */
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
    return read(SELECT + "= $1", Tuple.of(userId))
        .map(
            rows -> {
              if (rows.size() == 0) {
                throw StoreException.notFound();
              }
              return user(rows.iterator().next());
            });
  }

  @Override
  public Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    return open
        ? creates
            .add(List.of(draft), abandoned)
            .map(ids -> draft.toBuilder().setUserId(ids.get(0)).build())
        : notOpen();
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    if (!open) {
      return notOpen();
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
    return read(SELECT + "> $1 ORDER BY user_id LIMIT $2", Tuple.of(afterUserId, limit))
        .map(rows -> list(rows, PostgresStore::user));
  }

  @Override
  public Future<Void> health() {
    return read(HEALTH, Tuple.tuple())
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
    return open ? read(sql, values, 1) : notOpen();
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
              if (!mayRetry(failure, planned) || tries == MAX_TRIES) {
                return Future.failedFuture(failures.of(failure));
              }
              return read(sql, values, tries + 1);
            });
  }

  /** Writes no user: that needs what every write needs. A store that is slow is not dead. */
  private Future<Void> canWrite() {
    return write(INSERT_FREE, columns(List.of()), WANTED, 1)
        .transform(
            end -> {
              Throwable failure = end.succeeded() ? null : failures.of(end.cause());
              return failure == null
                      || failure instanceof StoreException slow && BUSY.contains(slow.reason())
                  ? Future.succeededFuture()
                  : Future.failedFuture(failure);
            });
  }

  /** Runs a statement that writes, again when it was refused for a reason that may have passed. */
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
                    // A connection that does not answer is not given back before it is closed.
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

  /** One to a server that only reads would stay in the pool after the failover. */
  private <T> Future<T> giveBack(SqlConnection connection, AsyncResult<T> end) {
    Future<?> given =
        PostgresFailures.isReadOnly(end.cause()) ? pools.end(connection) : connection.close();
    return given.transform(
        ended ->
            end.succeeded()
                ? Future.succeededFuture(end.result())
                : Future.failedFuture(end.cause()));
  }

  /** Whether the statement was not executed and may succeed now, on another connection or plan. */
  private boolean mayRetry(Throwable failure, int planned) {
    if (PostgresFailures.isOldPlan(failure)) {
      plans.compareAndSet(planned, planned + 1);
      return true;
    }
    return PostgresFailures.isRetryable(failure) || PostgresFailures.isReadOnly(failure);
  }

  /** The driver caches a prepared statement by its text: another text is another plan. */
  private static String planned(String sql, int plan) {
    return plan == 0 ? sql : sql + "\n-- plan " + plan;
  }

  /** Of two with the same address the first is created; the other finds it taken. */
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
    return write(INSERT_FREE, columns(drafts), WANTED, 1)
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

  /** Creates the users of a group one by one, so that one the database cannot hold fails alone. */
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
    return write(INSERT_ALL, columns(drafts), abandoned, 1)
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
                        ? new StoreException(Reason.CONFLICT, "an address was taken and freed")
                        : StoreException.emailTaken(taken)));
  }

  /** The index of the first draft whose address belongs to somebody; null when there is none. */
  private Future<Integer> firstTaken(List<UserResponse> drafts) {
    String[] keys =
        drafts.stream().map(draft -> Emails.canonical(draft.getEmail())).toArray(String[]::new);
    return read(FIRST_TAKEN, Tuple.of(keys))
        .map(
            rows -> {
              Integer number = rows.iterator().next().getInteger(0);
              return number == null ? null : number - 1;
            });
  }

  private static Tuple columns(List<UserResponse> drafts) {
    int count = drafts.size();
    String[] names = new String[count];
    String[] emails = new String[count];
    String[] keys = new String[count];
    Integer[] ages = new Integer[count];
    OffsetDateTime[] created = new OffsetDateTime[count];
    for (int i = 0; i < count; i++) {
      UserResponse draft = drafts.get(i);
      names[i] = draft.getName();
      emails[i] = draft.getEmail();
      keys[i] = Emails.canonical(draft.getEmail());
      ages[i] = draft.getAge();
      // Those of a batch are mostly of the same moment.
      boolean asBefore = i > 0 && draft.getCreatedAt().equals(drafts.get(i - 1).getCreatedAt());
      created[i] = asBefore ? created[i - 1] : OffsetDateTime.parse(draft.getCreatedAt());
    }
    return Tuple.of(names, emails, keys, ages, created);
  }

  private static UserResponse user(Row row) {
    return UserResponse.newBuilder()
        .setUserId(row.getInteger(0))
        .setName(row.getString(1))
        .setEmail(row.getString(2))
        .setAge(row.getInteger(3))
        .setCreatedAt(row.getOffsetDateTime(4).toInstant().toString())
        .build();
  }

  private static <T> List<T> list(RowSet<Row> rows, Function<Row, T> mapper) {
    return StreamSupport.stream(rows.spliterator(), false).map(mapper).toList();
  }

  private static <T> Future<T> notOpen() {
    return Future.failedFuture(new StoreException(Reason.UNAVAILABLE, "the store is not open"));
  }
}
