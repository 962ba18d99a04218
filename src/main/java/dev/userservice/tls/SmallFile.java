package dev.userservice.tls;

import dev.userservice.config.BoundedFile;
import dev.userservice.config.PemFile;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files of certificates, keys and passwords. Blocks. */
public final class SmallFile {

  private static final Logger LOG = LoggerFactory.getLogger(SmallFile.class);

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private SmallFile() {}

  /**
   * Reads a whole file.
   *
   * @param key the configuration key that names it
   * @throws UnusableFileException when it is unreadable, not a regular file, or larger than 1 MiB
   */
  public static Buffer read(String file, String key) {
    try {
      return Buffer.buffer(BoundedFile.read(Path.of(file)));
    } catch (BoundedFile.UnfitException e) {
      throw new UnusableFileException(file, e.getMessage(), key);
    } catch (NoSuchFileException | InvalidPathException e) {
      throw new UnusableFileException(file, "does not exist", key);
    } catch (IOException e) {
      throw new UnusableFileException(file, "cannot be read", key);
    }
  }

  /** Reads one part of a PEM file. */
  interface PemReader<T> {
    T read(PemFile file) throws BoundedFile.UnfitException;
  }

  /**
   * Reads one part of a PEM file.
   *
   * @throws UnusableFileException as {@link #read} does, or when the file does not have that part
   */
  static <T> T pem(String file, String key, PemReader<T> reader) {
    return pem(read(file, key), file, key, reader);
  }

  /** Like {@link #pem}, for a file with a secret. */
  static <T> T secretPem(String file, String key, PemReader<T> reader) {
    return pem(secret(file, key), file, key, reader);
  }

  private static <T> T pem(Buffer bytes, String file, String key, PemReader<T> reader) {
    try {
      return reader.read(PemFile.of(file, bytes.getBytes()));
    } catch (BoundedFile.UnfitException e) {
      throw new UnusableFileException(file, e.getMessage(), key);
    }
  }

  /**
   * Like {@link #read}, for a secret: logs a warning when every user of the machine can read it.
   */
  static Buffer secret(String file, String key) {
    Buffer bytes = read(file, key);
    BoundedFile.warnIfOpen(file, key, LOG::warn);
    return bytes;
  }

  /** Reads a secret of one line. */
  public static String line(String file, String key) {
    return text(secret(file, key)).strip();
  }

  /** Decodes UTF-8, with or without a byte order mark. */
  public static String text(Buffer bytes) {
    String text = bytes.toString(StandardCharsets.UTF_8);
    return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
  }
}
