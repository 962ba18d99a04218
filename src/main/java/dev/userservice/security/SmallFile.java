package dev.userservice.security;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files of certificates, keys and passwords. Blocks. */
final class SmallFile {

  /** Far more than any of them has; keeps a wrong path from filling the memory. */
  private static final int MOST_BYTES = 1 << 20;

  private SmallFile() {}

  /**
   * All of a file.
   *
   * @param key the key of the configuration that names it
   * @throws UnusableFileException when it cannot be read, or is larger than 1 MiB
   */
  static Buffer read(String file, String key) {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new UnusableFileException(file, "is larger than 1 MiB", key);
      }
      return Buffer.buffer(bytes);
    } catch (NoSuchFileException | InvalidPathException e) {
      throw new UnusableFileException(file, "is not there", key);
    } catch (IOException e) {
      throw new UnusableFileException(file, "cannot be read", key);
    }
  }

  /** The one line of a file with a secret. */
  static String line(String file, String key) {
    return read(file, key).toString(StandardCharsets.UTF_8).strip();
  }
}
