package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A connection that reads, for one thread at a time. All of its methods wait for the disk. */
final class SqliteReader {

  private static final String SELECT =
      "SELECT user_id, name, email, age, created_at FROM users WHERE user_id ";

  private final Connection connection;
  private final SqliteFailures failures;
  private final PreparedStatement one;
  private final PreparedStatement page;
  private final PreparedStatement count;

  SqliteReader(Connection connection, SqliteFailures failures) {
    this.connection = connection;
    this.failures = failures;
    try {
      one = connection.prepareStatement(SELECT + "= ?");
      page = connection.prepareStatement(SELECT + "> ? ORDER BY user_id LIMIT ?");
      count = connection.prepareStatement("SELECT count(*) FROM users");
    } catch (SQLException failure) {
      throw failures.ofOpening(failure);
    }
  }

  UserResponse get(int userId) {
    try {
      one.setInt(1, userId);
      try (ResultSet row = one.executeQuery()) {
        if (!row.next()) {
          throw StoreException.notFound();
        }
        return user(row);
      }
    } catch (SQLException failure) {
      throw failures.of(failure);
    }
  }

  List<UserResponse> page(int afterUserId, int limit) {
    try {
      page.setInt(1, afterUserId);
      page.setInt(2, limit);
      try (ResultSet rows = page.executeQuery()) {
        List<UserResponse> users = new ArrayList<>();
        while (rows.next()) {
          users.add(user(rows));
        }
        return users;
      }
    } catch (SQLException failure) {
      throw failures.of(failure);
    }
  }

  long count() {
    try (ResultSet row = count.executeQuery()) {
      row.next();
      return row.getLong(1);
    } catch (SQLException failure) {
      throw failures.of(failure);
    }
  }

  void close() {
    try {
      connection.close();
    } catch (SQLException failure) {
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
