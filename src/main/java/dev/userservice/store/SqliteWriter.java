package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import dev.userservice.store.GroupCommit.Write;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The one writing connection. All methods wait for the disk, on one thread. */
final class SqliteWriter {

  /** Checks the address first, because a conflict would use up an id. */
  private static final String INSERT =
      """
      INSERT INTO users (name, email, email_key, age, created_at)
      SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM users WHERE email_key = ?3)
      RETURNING user_id""";

  private final Connection connection;
  private final SqlitePlace place;
  private final SqliteFailures failures;
  private final SqliteStatement insert;
  private final SqliteStatement begin;
  private final SqliteStatement commit;

  /** True when the last attempt to write failed. */
  private volatile boolean failing;

  SqliteWriter(Connection connection, SqlitePlace place, SqliteFailures failures) {
    this.connection = connection;
    this.place = place;
    this.failures = failures;
    try {
      insert = new SqliteStatement(connection, INSERT);
      begin = new SqliteStatement(connection, "BEGIN IMMEDIATE");
      commit = new SqliteStatement(connection, "COMMIT");
    } catch (SQLException failure) {
      throw failures.ofOpening(failure);
    }
  }

  /** Writes a group in one transaction; reports success only after all of it is on disk. */
  void write(List<Write> group) {
    List<Runnable> outcomes = new ArrayList<>(group.size());
    transaction(
        () -> {
          for (Write write : group) {
            outcomes.add(write(write));
          }
        });
    place.requireUnchanged();
    outcomes.forEach(Runnable::run);
  }

  /**
   * Fails when users cannot be read, or could not be written and still cannot be; as UNUSABLE when
   * the file is no longer the one that is open.
   */
  void check() {
    place.requireUnchanged();
    try {
      execute("SELECT user_id FROM users LIMIT 1");
    } catch (SQLException failure) {
      throw failures.of(failure);
    }
    if (failing) {
      transaction(() -> execute("UPDATE schema_version SET version = version"));
    }
  }

  /** Moves the log into the file, and closes the connection. */
  void close() {
    try (connection) {
      execute("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (SQLException failure) {
      throw failures.of(failure);
    }
  }

  static void rollBack(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("ROLLBACK");
    } catch (SQLException over) {
      // Some failures end the transaction by themselves.
    }
  }

  private interface Work {
    void run() throws SQLException;
  }

  private void transaction(Work work) {
    boolean committing = false;
    try {
      begin.get().executeUpdate();
      work.run();
      committing = true;
      commit.get().executeUpdate();
      failing = false;
    } catch (SQLException failure) {
      failing = true;
      List.of(insert, begin, commit).forEach(SqliteStatement::forget);
      rollBack(connection);
      throw committing ? failures.ofCommit(failure) : failures.of(failure);
    }
  }

  /** Inserts one call's users, or none of them; returns the report of the outcome. */
  private Runnable write(Write write) throws SQLException {
    List<UserResponse> drafts = write.drafts();
    List<Integer> ids = new ArrayList<>(drafts.size());
    boolean several = drafts.size() > 1;
    if (several) {
      execute("SAVEPOINT several");
    }
    for (UserResponse draft : drafts) {
      int id = insert(draft);
      if (id == 0) {
        if (several) {
          execute("ROLLBACK TO several");
          execute("RELEASE several");
        }
        int index = ids.size();
        return () -> write.failed(StoreException.emailTaken(index));
      }
      ids.add(id);
    }
    if (several) {
      execute("RELEASE several");
    }
    return () -> write.done(ids);
  }

  /** Inserts a user; returns its id, or 0 when the e-mail address is taken. */
  private int insert(UserResponse draft) throws SQLException {
    PreparedStatement values = insert.get();
    values.setString(1, draft.getName());
    values.setString(2, draft.getEmail());
    values.setString(3, Emails.canonical(draft.getEmail()));
    values.setInt(4, draft.getAge());
    values.setString(5, draft.getCreatedAt());
    try (ResultSet created = values.executeQuery()) {
      return created.next() ? created.getInt(1) : 0;
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }
}
