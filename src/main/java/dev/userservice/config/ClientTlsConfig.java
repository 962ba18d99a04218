package dev.userservice.config;

/** TLS of a client. Optional texts are empty for none. */
public record ClientTlsConfig(
    boolean enabled, String caFile, KeyPairConfig identity, String serverName) {

  static ClientTlsConfig read(ConfigReader reader) {
    String caFile =
        reader.textOrNone(
            "caFile", "The PEM file of the trusted authorities; without it, those of the JDK.");
    KeyPairConfig identity = KeyPairConfig.read(reader);
    String serverName =
        reader.textOrNone(
            "serverName",
            "The name required in the certificate of the server; without it, the host of its"
                + " address.");
    boolean any = !caFile.isEmpty() || identity.isGiven() || !serverName.isEmpty();
    boolean enabled =
        reader.flag(
            "enabled", any, "Enables TLS. The default is true when another key of `tls` is set.");
    if (any && !enabled) {
      reader.refuse("enabled", "is false, but the other keys of \"tls\" are for TLS");
    }
    return new ClientTlsConfig(enabled, caFile, identity, serverName);
  }
}
