package dev.userservice.config;

import java.util.List;

/**
 * Mutual TLS between the servers of one cluster.
 *
 * @param identity shown to servers on both ends of a connection; without it servers speak plaintext
 */
public record ClusterTlsConfig(KeyPairConfig identity, String caFile) {

  static ClusterTlsConfig read(ConfigReader reader) {
    ClusterTlsConfig config =
        new ClusterTlsConfig(
            KeyPairConfig.read(reader),
            reader.textOrNone(
                "caFile",
                "The PEM file of the authorities whose certificates make a server a member. They"
                    + " must sign nothing else. It is required with a certificate."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (isOn() && caFile.isEmpty()) {
      throw reader.refused("caFile", "is needed beside the certificate of this server");
    }
    if (!isOn() && !caFile.isEmpty()) {
      throw reader.refused(
          "caFile", "needs a certificate of this server: \"certificateFile\" or \"keyStoreFile\"");
    }
  }

  /** Returns true if servers speak TLS with each other. */
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
