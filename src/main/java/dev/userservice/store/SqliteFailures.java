package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;

/** Translates failures of SQLite. Its messages are dropped: they may contain a user's data. */
final class SqliteFailures {

  /** The lowest byte of a result code is the kind of failure; the others say where. */
  private static final int PRIMARY = 0xff;

  /** The room that SQLite needs to open a file: 32 KiB for the index of its log, and some pages. */
  private static final long MIN_ROOM_BYTES = 128 * 1024;

  private final Path file;

  SqliteFailures(Path file) {
    this.file = file;
  }

  /** A failure while the store is open; unless it is OUTCOME_UNKNOWN, nothing was changed. */
  RuntimeException of(SQLException failure) {
    SQLiteErrorCode code = code(failure);
    return switch (code) {
      case SQLITE_FULL ->
          new StoreException(Reason.FULL, "the disk of " + file + " has no room left");
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new StoreException(Reason.UNAVAILABLE, file + " is locked by another program");
      case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_IOERR ->
          new StoreException(
              Reason.UNAVAILABLE, file + " cannot be read or written (" + code.name() + ")");
      case SQLITE_CORRUPT, SQLITE_NOTADB ->
          new StoreException(
              Reason.UNAVAILABLE, file + " is damaged: stop the server, restore a backup");
      case SQLITE_CONSTRAINT ->
          // Taken e-mail addresses are found before the insert; so this is the max id.
          new StoreException(Reason.FULL, file + " has no id left");
      default -> new IllegalStateException("SQLite failed with " + code.name());
    };
  }

  /** A failed commit; its outcome is unknown only when the disk failed. */
  RuntimeException ofCommit(SQLException failure) {
    return code(failure) == SQLiteErrorCode.SQLITE_IOERR
        ? new StoreException(
            Reason.OUTCOME_UNKNOWN, "the disk of " + file + " failed during a commit")
        : of(failure);
  }

  /** A failure to open the file. Permanent, until an operator acts. */
  StoreException ofOpening(SQLException failure) {
    SQLiteErrorCode code = code(failure);
    return switch (code) {
      case SQLITE_NOTADB, SQLITE_CORRUPT ->
          unusable("is damaged, or not a SQLite database%nRestore a backup, or name another file");
      case SQLITE_FULL -> noRoom();
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new StoreException(Reason.UNAVAILABLE, file + " is locked by another program");
      case SQLITE_IOERR ->
          isDiskFull()
              ? noRoom()
              : unusable("cannot be read or written: its disk failed%nCheck the disk");
      case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH ->
          isDiskFull()
              ? noRoom()
              : unusable("cannot be written%nCheck the permissions of the file and of its folder");
      default -> unusable("cannot be used: SQLite says " + code.name());
    };
  }

  /**
   * A failure to create the file, or another that it needs.
   *
   * @param why as for {@link #unusable}; the system's reason is appended
   */
  StoreException ofMaking(IOException failure, String why) {
    if (isDiskFull()) {
      return noRoom();
    }
    // Such as "No space left on device" when only the number of files is exhausted.
    return failure instanceof FileSystemException system && system.getReason() != null
        ? unusable(why + ": " + system.getReason())
        : unusable(why + "%nCheck the permissions of its folder");
  }

  private StoreException noRoom() {
    return unusable(
        "has no room on its disk%nFree some space, or name a file on another disk: \"store.sqlite.file\"");
  }

  /** SQLite reports a lack of room for its index as SQLITE_IOERR, among others. */
  private boolean isDiskFull() {
    try {
      FileStore disk = Files.getFileStore(Files.exists(file) ? file : file.getParent());
      // Some file systems, such as /proc, have no sizes.
      return disk.getTotalSpace() > 0 && disk.getUsableSpace() < MIN_ROOM_BYTES;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * @param why follows the name of the file, as in {@link StoreException#unusable}
   */
  StoreException unusable(String why) {
    return StoreException.unusable(file + " " + why);
  }

  private static SQLiteErrorCode code(SQLException failure) {
    return SQLiteErrorCode.getErrorCode(failure.getErrorCode() & PRIMARY);
  }
}
