package dev.userservice.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** A statement that is prepared once, and again after a failure: the driver ends one that fails. */
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

  /** To be called after any failure on its connection. */
  void forget() {
    try (PreparedStatement failed = prepared) {
      prepared = null;
    } catch (SQLException gone) {
      // Then there was nothing left to let go of.
    }
  }
}
