package dev.userservice.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Files that an operator names and that are read whole: configurations, certificates, keys and
 * passwords. Blocks for as long as the disk takes.
 */
public final class BoundedFile {

  /** Far above any real size; keeps a wrong path from filling the memory. */
  private static final int MAX_BYTES = 1 << 20;

  private BoundedFile() {}

  /** A file that is not read. The message is the reason, to follow the name of the file. */
  public static final class UnfitException extends IOException {

    UnfitException(String why) {
      super(why);
    }
  }

  /**
   * All bytes of a regular file, or of the target of a symbolic link.
   *
   * @throws UnfitException for anything else, such as a pipe, which may never end, and above 1 MiB
   * @throws IOException when it cannot be read
   */
  public static byte[] read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new UnfitException("is a folder");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new UnfitException("is not a regular file");
    }
    return readAny(file);
  }

  /** As {@link #read}, but also reads other files with an end, such as the pipe of a shell. */
  static byte[] readAny(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new UnfitException("is larger than 1 MiB");
      }
      return bytes;
    }
  }

  /**
   * Warns when every user of the machine can read a file with a secret, or with users. Its group
   * may read it: servers get mounted secrets by their group.
   *
   * @param key the key of the configuration that names the file
   * @param warn called at most once; not for a file that is missing, or has no mode
   */
  public static void warnIfOpen(String file, String key, Consumer<String> warn) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(Path.of(file));
      if (mode.contains(PosixFilePermission.OTHERS_READ)) {
        warn.accept(
            "%s can be read by every user of this machine (%s): chmod 600 %s (\"%s\")"
                .formatted(file, PosixFilePermissions.toString(mode), file, key));
      }
    } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
      // The later read reports the reason.
    }
  }
}
