package dev.userservice.config;

/**
 * The files of a certificate and its private key: PEM, in two files or one, or a PKCS12 file. They
 * are read again when they change.
 *
 * @param certificateFile the PEM file of the certificate and of those that lead to its authority,
 *     in any order; empty for none
 * @param keyFile the PEM file of the private key, not encrypted; may be the same file; empty for
 *     none
 * @param keyStoreFile a PKCS12 file with both; empty for none
 * @param keyStorePassword its password, which belongs into the environment
 * @param keyStorePasswordFile a file with its password; empty for none
 */
public record KeyPairConfig(
    String certificateFile,
    String keyFile,
    String keyStoreFile,
    String keyStorePassword,
    String keyStorePasswordFile) {

  static KeyPairConfig read(ConfigReader reader) {
    KeyPairConfig config =
        new KeyPairConfig(
            reader.textOrNone("certificateFile"),
            reader.textOrNone("keyFile"),
            reader.textOrNone("keyStoreFile"),
            reader.secret("keyStorePassword"),
            reader.textOrNone("keyStorePasswordFile"));
    config.check(reader);
    return config;
  }

  private void check(ConfigReader reader) {
    boolean pem = !certificateFile.isEmpty() || !keyFile.isEmpty();
    if (pem && !keyStoreFile.isEmpty()) {
      throw reader.refused("keyStoreFile", "and the PEM files say the same; take one of them");
    }
    if (pem && certificateFile.isEmpty()) {
      throw reader.refused("certificateFile", "is needed beside \"keyFile\"");
    }
    if (pem && keyFile.isEmpty()) {
      throw reader.refused(
          "keyFile", "is needed beside \"certificateFile\"; the same file again if it has both");
    }
    if (!keyStorePassword.isEmpty() && !keyStorePasswordFile.isEmpty()) {
      throw reader.refused(
          "keyStorePasswordFile", "and \"keyStorePassword\" say the same; take one of them");
    }
  }

  /** Whether there is one. */
  public boolean isGiven() {
    return !certificateFile.isEmpty() || !keyStoreFile.isEmpty();
  }

  /** All but the password. */
  @Override
  public String toString() {
    return keyStoreFile.isEmpty() ? certificateFile + " and " + keyFile : keyStoreFile;
  }
}
