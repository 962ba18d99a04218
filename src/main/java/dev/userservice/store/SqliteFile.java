package dev.userservice.store;

import dev.userservice.config.BoundedFile;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;

/**
 * The database file, held by this process alone while it is open, in the schema of this code.
 * Another program's file is never written to. All methods wait for the disk.
 */
final class SqliteFile {

  /** The mark in the header of our files ("User"). */
  private static final int APPLICATION_ID = 0x55736572;

  private static final Logger LOG = LoggerFactory.getLogger(SqliteFile.class);

  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

  private Path file;
  private final int timeoutMillis;
  private final SqliteFailures failures;
  private LockFile lock;
  private SqlitePlace place;

  /**
   * @param timeoutMillis the max wait for a lock of another program, such as a backup
   */
  SqliteFile(Path file, int timeoutMillis, SqliteFailures failures) {
    this.file = file;
    this.timeoutMillis = timeoutMillis;
    this.failures = failures;
  }

  /**
   * Locks the file and prepares it.
   *
   * @return the connection that writes
   * @throws StoreException with the reason, leaving the file as it was
   */
  Connection open() {
    makeFolder();
    follow();
    lock();
    try {
      SqliteLibrary.load(file);
      checkMagic();
      makeFile();
      place = new SqlitePlace(file, failures);
      place.check();
      Connection connection = connect();
      try {
        makeReady(connection);
        place.remember();
        return connection;
      } catch (SQLException | RuntimeException failure) {
        connection.close();
        throw failure;
      }
    } catch (SQLException failure) {
      unlock();
      throw failures.ofOpening(failure);
    } catch (RuntimeException failure) {
      unlock();
      throw failure;
    }
  }

  /** Opens a further connection, which cannot write. */
  Connection reader() {
    try {
      Connection connection = connect();
      execute(connection, "PRAGMA query_only = ON");
      return connection;
    } catch (SQLException failure) {
      throw failures.ofOpening(failure);
    }
  }

  /** The place of the file, once it is open. */
  SqlitePlace place() {
    return place;
  }

  /** Releases the file for other processes. Call after closing its connections. */
  void unlock() {
    lock.release();
  }

  private void makeFolder() {
    try {
      // Not createDirectories alone: it refuses a link to a folder.
      if (!Files.isDirectory(file.getParent())) {
        Files.createDirectories(file.getParent(), OwnerOnly.FOLDER);
      }
    } catch (IOException e) {
      throw failures.ofMaking(e, "cannot be created: its folder is missing, and cannot be created");
    }
    if (Files.isDirectory(file)) {
      throw failures.unusable("is a folder%nName a file in it: \"store.sqlite.file\"");
    }
  }

  /** Resolves a link to the file itself: its lock and its log are beside that. */
  private void follow() {
    if (Files.isSymbolicLink(file)) {
      try {
        file = file.toRealPath();
      } catch (IOException e) {
        throw failures.unusable(
            "is a symbolic link to a file that is missing%nCreate that file, empty, or name another: \"store.sqlite.file\"");
      }
    }
  }

  private void lock() {
    Path path = file.resolveSibling(file.getFileName() + ".lock");
    try {
      lock = LockFile.take(path);
    } catch (LockFile.TakenException taken) {
      throw inUse(taken.owner());
    } catch (LockFile.NotALockException strange) {
      throw failures.unusable("cannot be locked: " + strange.getMessage());
    } catch (IOException e) {
      throw failures.ofMaking(
          e, "cannot be locked: cannot write " + path.getFileName() + " beside it");
    }
  }

  private StoreException inUse(String owner) {
    return failures.unusable(
        "is in use by "
            + owner
            + "%nStop that server; to share users between servers, use PostgreSQL or raft");
  }

  /** Runs before SQLite opens the file, because SQLite accepts some foreign files as its own. */
  private void checkMagic() {
    if (!Files.exists(file)) {
      return;
    }
    if (!Files.isRegularFile(file)) {
      throw failures.unusable("is not a regular file%nName another file: \"store.sqlite.file\"");
    }
    try (InputStream bytes = Files.newInputStream(file)) {
      byte[] start = bytes.readNBytes(MAGIC.length);
      if (start.length > 0 && !Arrays.equals(start, MAGIC)) {
        throw failures.unusable(
            "is not a SQLite database%nName another file: \"store.sqlite.file\"");
      }
    } catch (IOException e) {
      throw failures.unusable("cannot be read%nCheck its permissions");
    }
  }

  /** Creates an empty file, which SQLite accepts; its other files get the same mode. */
  private void makeFile() {
    try {
      Files.createFile(file, OwnerOnly.FILE);
    } catch (FileAlreadyExistsException e) {
      BoundedFile.warnIfOpen(file.toString(), "store.sqlite.file", LOG::warn);
    } catch (IOException e) {
      throw failures.ofMaking(e, "cannot be created");
    }
  }

  private Connection connect() throws SQLException {
    // A URI can express every file name.
    Connection connection =
        new org.sqlite.SQLiteConfig()
            .createConnection("jdbc:sqlite:file:" + file.toUri().getRawPath());
    execute(connection, "PRAGMA busy_timeout = " + timeoutMillis);
    // In WAL mode, FULL is one fsync per commit: acknowledged users survive a power cut.
    execute(connection, "PRAGMA synchronous = FULL");
    return connection;
  }

  private void makeReady(Connection connection) throws SQLException {
    int application = number(connection, "PRAGMA application_id");
    boolean empty = number(connection, "SELECT count(*) FROM sqlite_schema") == 0;
    if (application != APPLICATION_ID && !(application == 0 && empty)) {
      throw failures.unusable(
          "belongs to another program%nName another file: \"store.sqlite.file\"");
    }
    Migrations migrations = new Migrations("sqlite");
    int version = empty ? 0 : number(connection, "SELECT max(version) FROM schema_version");
    List<String> scripts = migrations.after(file, version);
    if (!"wal".equals(text(connection, "PRAGMA journal_mode = WAL"))) {
      throw failures.unusable("is on a file system without WAL%nPut it on a local disk");
    }
    if (!scripts.isEmpty()) {
      migrate(connection, scripts, migrations.version());
    }
  }

  private void migrate(Connection connection, List<String> scripts, int version)
      throws SQLException {
    execute(connection, "BEGIN IMMEDIATE");
    try {
      execute(connection, "PRAGMA application_id = " + APPLICATION_ID);
      execute(
          connection,
          "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT");
      for (String script : scripts) {
        execute(connection, script);
      }
      execute(connection, "INSERT INTO schema_version VALUES (" + version + ")");
      execute(connection, "COMMIT");
    } catch (SQLException failure) {
      SqliteWriter.rollBack(connection);
      throw failure;
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  private static int number(Connection connection, String sql) throws SQLException {
    return Integer.parseInt(text(connection, sql));
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
