package dev.userservice.tls;

/**
 * An unusable file of certificates or keys. The message is one line for operators: the file, its
 * fault, and the configuration key that names it, without any of its content.
 */
public final class UnusableFileException extends RuntimeException {

  public UnusableFileException(String file, String why, String key) {
    super("%s: \"%s\"".formatted(fault(file, why), key), null, false, false);
  }

  /** Hides a key that was configured in place of its file's name. */
  private static String fault(String file, String why) {
    return file.contains("\n") || file.contains("-----")
        ? "the value is not a file name"
        : file + " " + why;
  }
}
