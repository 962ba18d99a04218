package dev.userservice.config;

/**
 * The files of a certificate and its private key: PEM, in two files or one, or a PKCS12 file. They
 * are read again when they change. Optional texts are empty for none.
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
            reader.textOrNone(
                "certificateFile",
                "The PEM file of the certificate and of the certificates between it and its"
                    + " authority, in any order."),
            reader.textOrNone(
                "keyFile",
                "The PEM file of the private key, not encrypted; may be the same file as"
                    + " `certificateFile`."),
            reader.textOrNone(
                "keyStoreFile",
                "A PKCS12 file with the certificate and the key, in place of the PEM files."),
            reader.secret(
                "keyStorePassword",
                "The password of `keyStoreFile`; belongs in the environment or"
                    + " `keyStorePasswordFile`."),
            reader.textOrNone(
                "keyStorePasswordFile", "The file with the password of `keyStoreFile`."));
    reader.check(() -> config.check(reader));
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

  /** Returns true if a certificate is set. */
  public boolean isGiven() {
    return !certificateFile.isEmpty() || !keyStoreFile.isEmpty();
  }

  /** Without the password. */
  @Override
  public String toString() {
    return keyStoreFile.isEmpty() ? certificateFile + " and " + keyFile : keyStoreFile;
  }
}
