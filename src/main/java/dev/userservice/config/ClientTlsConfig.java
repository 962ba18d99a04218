package dev.userservice.config;

/**
 * How a client checks whom it talks to, and proves who it is.
 *
 * @param enabled whether it speaks TLS; it does when any of the other keys is set
 * @param caFile the PEM file of the authorities that it trusts; empty for those of the JDK
 * @param identity its own certificate and key, for servers that ask for one
 * @param serverName the name that has to stand in the server's certificate; empty for the host of
 *     its address
 */
public record ClientTlsConfig(
    boolean enabled, String caFile, KeyPairConfig identity, String serverName) {

  static ClientTlsConfig read(ConfigReader reader) {
    String caFile = reader.textOrNone("caFile");
    KeyPairConfig identity = KeyPairConfig.read(reader);
    String serverName = reader.textOrNone("serverName");
    boolean any = !caFile.isEmpty() || identity.isGiven() || !serverName.isEmpty();
    boolean enabled = reader.flag("enabled", any);
    if (any && !enabled) {
      throw reader.refused("enabled", "is false, but the other keys of \"tls\" are for TLS");
    }
    return new ClientTlsConfig(enabled, caFile, identity, serverName);
  }
}
