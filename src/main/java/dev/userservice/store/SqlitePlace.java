package dev.userservice.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;

/**
 * The location of the database file. SQLite keeps its log beside the file's name, and users are
 * lost when file and log are separated. All methods wait for the disk.
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
   * Checks that file and log will stay together. Call before SQLite opens the file.
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

  /** Remembers the open files. Call while SQLite has them open, so that their keys stay unique. */
  void remember() {
    fileKey = key(file);
    logKey = key(log);
  }

  /**
   * Checks that the file and its log are still the open ones.
   *
   * @throws StoreException UNUSABLE when one was removed or replaced: writes then go to a file
   *     without a name, which is lost when the process ends
   */
  void requireUnchanged() {
    requireSame(file, fileKey);
    requireSame(log, logKey);
  }

  private void requireSame(Path path, Object key) {
    // Windows has no file keys, but an open file cannot be removed there.
    if (key != null && !key.equals(key(path))) {
      throw failures.unusable(
          "was in use when %s was removed or replaced%%nFind the cause; restore a backup if users are missing"
              .formatted(path.getFileName()));
    }
  }

  /** The unique key of an existing file, or null. */
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
   * Returns true when a path is a mount point.
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

  /** Encodes a path as the kernel does there: white space and backslashes in octal. */
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
