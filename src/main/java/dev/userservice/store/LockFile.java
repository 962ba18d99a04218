package dev.userservice.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;

/**
 * A file that one process at a time holds, with the id of that process in it. The system releases
 * it when the process ends, even after a kill -9.
 */
final class LockFile {

  /** Another process holds the lock. */
  static final class TakenException extends IOException {

    TakenException(String owner) {
      super(owner);
    }

    /** Such as "process 4711". */
    String owner() {
      return getMessage();
    }
  }

  /** Its path is not a lock file. The message says what to do after {@code %n}. */
  static final class NotALockException extends IOException {

    NotALockException(String message) {
      super(message);
    }
  }

  private static final int PROCESS_BYTES = 32;

  private static final Set<OpenOption> OPTIONS =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          LinkOption.NOFOLLOW_LINKS);

  private final FileChannel file;

  private LockFile(FileChannel file) {
    this.file = file;
  }

  /** Takes the lock. Creates a missing file for its owner alone; never overwrites another file. */
  static LockFile take(Path path) throws IOException {
    if (Files.isSymbolicLink(path)) {
      throw new NotALockException(path + " is a symbolic link%nCheck its origin, and delete it");
    }
    FileChannel file = FileChannel.open(path, OPTIONS, OwnerOnly.FILE);
    try {
      String owner = new String(readAll(file), StandardCharsets.US_ASCII);
      // A hard link may lead to another program's file.
      if (file.size() > PROCESS_BYTES || !owner.matches("\\d*\n?")) {
        throw new NotALockException(path + " is not a lock%nMove it out of the way");
      }
      if (file.tryLock() == null) {
        throw new TakenException(owner.isBlank() ? "another process" : "process " + owner.strip());
      }
      file.truncate(0);
      file.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
      return new LockFile(file);
    } catch (OverlappingFileLockException ours) {
      file.close();
      throw new TakenException("this process");
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  void release() {
    try {
      file.close();
    } catch (IOException e) {
      // The lock is released when this process ends.
    }
  }

  private static byte[] readAll(FileChannel file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(PROCESS_BYTES);
    file.read(bytes, 0);
    return Arrays.copyOf(bytes.array(), bytes.position());
  }
}
