package dev.userservice.tls;

/**
 * A file of certificates or keys that cannot be used, in one line for an operator: which file, what
 * is wrong with it, and the key of the configuration that names it. Nothing of its content.
 */
public final class UnusableFileException extends RuntimeException {

  public UnusableFileException(String file, String why, String key) {
    super("%s %s: \"%s\"".formatted(shown(file), why, key), null, false, false);
  }

  /** Somebody may have put a key itself where the name of its file belongs. */
  private static String shown(String file) {
    return file.contains("\n") || file.contains("-----") ? "what is no name of a file" : file;
  }
}
