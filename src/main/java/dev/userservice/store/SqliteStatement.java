package dev.userservice.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** A prepared statement, prepared again after a failure: the driver closes one that fails. */
final class SqliteStatement {

  private final Connection connection;
  private final String sql;
  private PreparedStatement prepared;

  SqliteStatement(Connection connection, String sql) throws SQLException {
    this.connection = connection;
    this.sql = sql;
    get();
  }

  PreparedStatement get() throws SQLException {
    if (prepared == null) {
      prepared = connection.prepareStatement(sql);
    }
    return prepared;
  }

  /** Discards the statement. Call after any failure on its connection. */
  void forget() {
    try (PreparedStatement failed = prepared) {
      prepared = null;
    } catch (SQLException gone) {
      // Already closed.
    }
  }
}
