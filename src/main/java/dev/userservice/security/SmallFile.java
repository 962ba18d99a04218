package dev.userservice.security;

import dev.userservice.config.BoundedFile;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files of certificates, keys and passwords. Blocks. */
final class SmallFile {

  private static final Logger LOG = LoggerFactory.getLogger(SmallFile.class);

  private SmallFile() {}

  /**
   * All of a file.
   *
   * @param key the key of the configuration that names it
   * @throws UnusableFileException when it cannot be read, is no regular file, or is larger than 1
   *     MiB
   */
  static Buffer read(String file, String key) {
    try {
      return Buffer.buffer(BoundedFile.read(Path.of(file)));
    } catch (BoundedFile.UnfitException e) {
      throw new UnusableFileException(file, e.getMessage(), key);
    } catch (NoSuchFileException | InvalidPathException e) {
      throw new UnusableFileException(file, "is not there", key);
    } catch (IOException e) {
      throw new UnusableFileException(file, "cannot be read", key);
    }
  }

  /** As {@link #read}, for a file with a secret: says in the log when everybody can read it. */
  static Buffer secret(String file, String key) {
    Buffer bytes = read(file, key);
    BoundedFile.warnIfOpen(file, key, LOG::warn);
    return bytes;
  }

  /** The one line of a file with a secret. */
  static String line(String file, String key) {
    return secret(file, key).toString(StandardCharsets.UTF_8).strip();
  }
}
