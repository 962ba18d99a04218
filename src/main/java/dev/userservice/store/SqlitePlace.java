package dev.userservice.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;

/**
 * Where the database file is. SQLite keeps its log beside the name of the file: users are lost when
 * file and log part. All of its methods wait for the disk.
 */
final class SqlitePlace {

  /** The mounts of this process; only Linux has this file. */
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  private static final String NAME_ANOTHER = ", and name that: \"store.sqlite.file\"";

  private final Path file;
  private final Path log;
  private final SqliteFailures failures;
  private Object fileKey;
  private Object logKey;

  SqlitePlace(Path file, SqliteFailures failures) {
    this.file = file;
    this.failures = failures;
    log = file.resolveSibling(file.getFileName() + "-wal");
  }

  /**
   * Looks whether file and log will stay together; to be called before SQLite opens the file.
   *
   * @throws StoreException UNUSABLE for a file with several names, or one that is a mount itself
   */
  void check() {
    try {
      int names = names();
      if (names > 1) {
        throw failures.unusable(
            "has %d names (hard links), and its log would be beside one of them%%nCopy it to a file of its own"
                    .formatted(names)
                + NAME_ANOTHER);
      }
      if (isMount(file.toRealPath(), MOUNTS)) {
        throw failures.unusable(
            "is mounted without its folder, and its log would stay outside%nMount a folder with the file in it"
                + NAME_ANOTHER);
      }
    } catch (IOException e) {
      throw failures.unusable("cannot be read%nCheck its permissions");
    }
  }

  /** To be called while SQLite has the file open, which keeps its key from any other file. */
  void remember() {
    fileKey = key(file);
    logKey = key(log);
  }

  /**
   * Looks whether the file and its log are still those that are open.
   *
   * @throws StoreException UNUSABLE when one was removed or replaced: what is written is in a file
   *     without a name, which goes with the process
   */
  void requireUnchanged() {
    requireSame(file, fileKey);
    requireSame(log, logKey);
  }

  private void requireSame(Path path, Object key) {
    // Windows has no file keys, but an open file cannot be removed there.
    if (key != null && !key.equals(key(path))) {
      throw failures.unusable(
          "was in use when %s was removed or replaced%%nFind out who did it; restore a backup where users are missing"
              .formatted(path.getFileName()));
    }
  }

  /** What tells a file from all others that exist; null when there is none. */
  private static Object key(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  private int names() throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix")
        ? (int) Files.getAttribute(file, "unix:nlink")
        : 1;
  }

  /**
   * Whether a path is where something is mounted.
   *
   * @param mounts in the format of proc_pid_mountinfo(5)
   */
  static boolean isMount(Path path, Path mounts) throws IOException {
    if (!Files.isReadable(mounts)) {
      return false;
    }
    try (Stream<String> lines = Files.lines(mounts, StandardCharsets.ISO_8859_1)) {
      String escaped = escaped(path);
      return lines.map(line -> line.split(" ", 6)[4]).anyMatch(escaped::equals);
    }
  }

  /** As the kernel writes a name there: its bytes, and white space and backslashes in octal. */
  private static String escaped(Path path) {
    StringBuilder escaped = new StringBuilder();
    for (byte octet : path.toString().getBytes(StandardCharsets.UTF_8)) {
      if (octet == ' ' || octet == '\t' || octet == '\n' || octet == '\\') {
        escaped.append("\\%03o".formatted(octet));
      } else {
        escaped.append((char) (octet & 0xff));
      }
    }
    return escaped.toString();
  }
}
