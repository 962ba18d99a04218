package dev.userservice.config;

import java.util.List;

/**
 * How the servers of one cluster prove to each other that they are members.
 *
 * @param identity the certificate and key of this server, shown to those that it connects to and to
 *     those that connect to it; without them servers speak plaintext
 * @param caFile the PEM file of the authorities whose certificates make a server a member; they
 *     must sign for nothing else
 */
public record ClusterTlsConfig(KeyPairConfig identity, String caFile) {

  static ClusterTlsConfig read(ConfigReader reader) {
    ClusterTlsConfig config =
        new ClusterTlsConfig(KeyPairConfig.read(reader), reader.textOrNone("caFile"));
    if (config.isOn() && config.caFile.isEmpty()) {
      throw reader.refused("caFile", "is needed beside the certificate of this server");
    }
    if (!config.isOn() && !config.caFile.isEmpty()) {
      throw reader.refused(
          "caFile", "needs a certificate of this server: \"certificateFile\" or \"keyStoreFile\"");
    }
    return config;
  }

  /** Whether servers speak TLS with each other. */
  public boolean isOn() {
    return identity.isGiven();
  }

  /** All files that are read. */
  public List<String> files() {
    return List.of(
        identity.certificateFile(),
        identity.keyFile(),
        identity.keyStoreFile(),
        identity.keyStorePasswordFile(),
        caFile);
  }
}
