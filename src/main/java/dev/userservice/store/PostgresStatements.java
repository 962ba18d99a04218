package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/** The SQL of the users in PostgreSQL, its parameters and its rows. */
final class PostgresStatements {

  /** The turn comes before the ids: the join gets the lock first, then takes the ids. */
  private static final String INSERT =
      """
      WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(7310579692340))
      INSERT INTO users (name, email, email_key, age, created_at)
      SELECT d.name, d.email, d.email_key, d.age, d.created_at
      FROM turn,
        unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[])
        WITH ORDINALITY AS d (name, email, email_key, age, created_at, n)
      """;

  /** The addresses of $3 that are taken: one walk through the index for all of them. */
  private static final String TAKEN = "users u WHERE u.email_key = ANY($3::text[])";

  /** Inserts the users whose address is free. Checks first, because a conflict uses up an id. */
  static final String INSERT_FREE =
      INSERT
          + "WHERE d.email_key NOT IN (SELECT u.email_key FROM "
          + TAKEN
          + """
          )
          ORDER BY d.n
          ON CONFLICT (email_key) DO NOTHING
          RETURNING user_id, email_key""";

  /** Inserts all, or none when an address is taken; fails when one is taken concurrently. */
  static final String INSERT_ALL =
      INSERT
          + "WHERE (SELECT count(*) FROM "
          + TAKEN
          + """
          ) = 0
          ORDER BY d.n
          RETURNING user_id""";

  /** The one-based index of the first address that is taken, or null. */
  static final String FIRST_TAKEN =
      """
      SELECT min(k.n)::integer FROM unnest($1::text[]) WITH ORDINALITY AS k (email_key, n)
      WHERE (SELECT 1 FROM users u WHERE u.email_key = k.email_key) IS NOT NULL""";

  /** Needs the same rights as a read. */
  static final String HEALTH =
      "SELECT pg_is_in_recovery(), (SELECT count(user_id) FROM users WHERE user_id = 0)";

  private static final String SELECT =
      "SELECT user_id, name, email, age, created_at FROM users WHERE user_id ";

  static final String GET = SELECT + "= $1";
  static final String PAGE = SELECT + "> $1 ORDER BY user_id LIMIT $2";

  private PostgresStatements() {}

  /** The parameters of an insert: one array per column. */
  static Tuple columns(List<UserResponse> drafts) {
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
      // Users of a batch often share the same moment.
      boolean asBefore = i > 0 && draft.getCreatedAt().equals(drafts.get(i - 1).getCreatedAt());
      created[i] = asBefore ? created[i - 1] : OffsetDateTime.parse(draft.getCreatedAt());
    }
    return Tuple.of(names, emails, keys, ages, created);
  }

  static UserResponse user(Row row) {
    return UserResponse.newBuilder()
        .setUserId(row.getInteger(0))
        .setName(row.getString(1))
        .setEmail(row.getString(2))
        .setAge(row.getInteger(3))
        .setCreatedAt(row.getOffsetDateTime(4).toInstant().toString())
        .build();
  }

  static <T> List<T> list(RowSet<Row> rows, Function<Row, T> mapper) {
    return StreamSupport.stream(rows.spliterator(), false).map(mapper).toList();
  }

  /**
   * Changes the text of a statement with the plan: the driver caches prepared statements by text.
   */
  static String planned(String sql, int plan) {
    return plan == 0 ? sql : sql + "\n-- plan " + plan;
  }
}
