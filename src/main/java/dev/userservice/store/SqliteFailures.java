package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;

/** What a failure of SQLite means. Its own words stay here: they may have a user's data in them. */
final class SqliteFailures {

  /** The first byte of a result code says what failed, the others say where. */
  private static final int PRIMARY = 0xff;

  private final Path file;

  SqliteFailures(Path file) {
    this.file = file;
  }

  /** A failure while the store is open; nothing was changed, unless that is what it says. */
  RuntimeException of(SQLException failure) {
    SQLiteErrorCode code = code(failure);
    return switch (code) {
      case SQLITE_FULL -> new StoreException(Reason.FULL, "no room is left on the disk of " + file);
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new StoreException(Reason.UNAVAILABLE, "another program keeps " + file + " locked");
      case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_IOERR ->
          new StoreException(
              Reason.UNAVAILABLE, file + " cannot be read or written (" + code.name() + ")");
      case SQLITE_CORRUPT, SQLITE_NOTADB ->
          new StoreException(
              Reason.UNAVAILABLE, file + " is damaged: stop the server, restore a backup");
      case SQLITE_CONSTRAINT ->
          // E-mail addresses are looked after; so this is the bound of the ids.
          new StoreException(Reason.FULL, "there is no id left in " + file);
      default -> new IllegalStateException("SQLite failed with " + code.name());
    };
  }

  /** A commit that failed; only when the disk failed is it unknown what is there after a crash. */
  RuntimeException ofCommit(SQLException failure) {
    return code(failure) == SQLiteErrorCode.SQLITE_IOERR
        ? new StoreException(
            Reason.OUTCOME_UNKNOWN, "the disk of " + file + " failed during a commit")
        : of(failure);
  }

  /** A failure to open the file: no use in trying again before somebody has done something. */
  StoreException ofOpening(SQLException failure) {
    SQLiteErrorCode code = code(failure);
    return switch (code) {
      case SQLITE_NOTADB, SQLITE_CORRUPT ->
          unusable("is damaged, or no SQLite database%nRestore a backup, or name another file");
      case SQLITE_FULL -> unusable("has no room on its disk");
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new StoreException(Reason.UNAVAILABLE, "another program keeps " + file + " locked");
      case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_AUTH ->
          unusable("cannot be written%nCheck the permissions of the file and of its folder");
      default -> unusable("cannot be used: SQLite says " + code.name());
    };
  }

  /**
   * @param why goes on after the name of the file, as in {@link StoreException#unusable}
   */
  StoreException unusable(String why) {
    return StoreException.unusable(file + " " + why);
  }

  private static SQLiteErrorCode code(SQLException failure) {
    return SQLiteErrorCode.getErrorCode(failure.getErrorCode() & PRIMARY);
  }
}
