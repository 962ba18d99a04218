package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A reading connection, for one thread at a time. All methods wait for the disk. */
final class SqliteReader {

  private static final String SELECT =
      "SELECT user_id, name, email, age, created_at FROM users WHERE user_id ";

  private final Connection connection;
  private final SqliteFailures failures;
  private final SqliteStatement one;
  private final SqliteStatement page;

  SqliteReader(Connection connection, SqliteFailures failures) {
    this.connection = connection;
    this.failures = failures;
    try {
      one = new SqliteStatement(connection, SELECT + "= ?");
      page = new SqliteStatement(connection, SELECT + "> ? ORDER BY user_id LIMIT ?");
    } catch (SQLException failure) {
      throw failures.ofOpening(failure);
    }
  }

  UserResponse get(int userId) {
    return read(
        () -> {
          PreparedStatement query = one.get();
          query.setInt(1, userId);
          try (ResultSet row = query.executeQuery()) {
            if (!row.next()) {
              throw StoreException.notFound();
            }
            return user(row);
          }
        });
  }

  List<UserResponse> page(int afterUserId, int limit) {
    return read(
        () -> {
          PreparedStatement query = page.get();
          query.setInt(1, afterUserId);
          query.setInt(2, limit);
          try (ResultSet rows = query.executeQuery()) {
            List<UserResponse> users = new ArrayList<>();
            while (rows.next()) {
              users.add(user(rows));
            }
            return users;
          }
        });
  }

  void close() {
    try {
      connection.close();
    } catch (SQLException failure) {
      throw failures.of(failure);
    }
  }

  private interface Query<T> {
    T result() throws SQLException;
  }

  private <T> T read(Query<T> query) {
    try {
      return query.result();
    } catch (SQLException failure) {
      List.of(one, page).forEach(SqliteStatement::forget);
      throw failures.of(failure);
    }
  }

  private static UserResponse user(ResultSet row) throws SQLException {
    return UserResponse.newBuilder()
        .setUserId(row.getInt(1))
        .setName(row.getString(2))
        .setEmail(row.getString(3))
        .setAge(row.getInt(4))
        .setCreatedAt(row.getString(5))
        .build();
  }
}
