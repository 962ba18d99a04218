package dev.userservice.config;

/**
 * How a server proves who it is, and whether its callers have to.
 *
 * @param identity its certificate and key; without them it speaks plaintext
 * @param clientCaFile the PEM file of the authorities whose certificates callers must show (mutual
 *     TLS); empty when they need none
 */
public record TlsConfig(KeyPairConfig identity, String clientCaFile) {

  static TlsConfig read(ConfigReader reader) {
    TlsConfig config = new TlsConfig(KeyPairConfig.read(reader), reader.textOrNone("clientCaFile"));
    if (config.isMutual() && !config.isOn()) {
      throw reader.refused(
          "clientCaFile", "is for TLS, which needs \"certificateFile\" or \"keyStoreFile\" too");
    }
    return config;
  }

  /** Whether the server speaks TLS. */
  public boolean isOn() {
    return identity.isGiven();
  }

  /** Whether callers must show a certificate. */
  public boolean isMutual() {
    return !clientCaFile.isEmpty();
  }
}
