package dev.userservice.config;

/**
 * TLS of a server.
 *
 * @param identity its certificate and key; without them it speaks plaintext
 */
public record TlsConfig(KeyPairConfig identity, String clientCaFile) {

  static TlsConfig read(ConfigReader reader) {
    TlsConfig config =
        new TlsConfig(
            KeyPairConfig.read(reader),
            reader.textOrNone(
                "clientCaFile",
                "The PEM file of the authorities whose certificates callers must show (mutual"
                    + " TLS)."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (isMutual() && !isOn()) {
      throw reader.refused(
          "clientCaFile", "is for TLS, which needs \"certificateFile\" or \"keyStoreFile\" too");
    }
  }

  /** Returns true if the server speaks TLS. */
  public boolean isOn() {
    return identity.isGiven();
  }

  /** Returns true if callers must show a certificate. */
  public boolean isMutual() {
    return !clientCaFile.isEmpty();
  }
}
