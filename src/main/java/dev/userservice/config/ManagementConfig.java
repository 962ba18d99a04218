package dev.userservice.config;

/**
 * The port for operators and their tools: metrics and health over plain HTTP.
 *
 * @param port -1 for none
 */
public record ManagementConfig(String host, int port, boolean insecure) {

  static ManagementConfig read(ConfigReader reader) {
    ManagementConfig config =
        new ManagementConfig(
            reader.text("host", "127.0.0.1", "The address of the management port."),
            reader.numberOrNone(
                "port",
                0,
                65_535,
                "The management port, for metrics and health, different from `port`; 0 takes any"
                    + " free one."),
            reader.flag(
                "insecure",
                false,
                "Allows a `management.host` that is not loopback. The port answers every caller, in"
                    + " plaintext."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (isOn() && isOpen() && !insecure) {
      throw reader.refused(
          "host",
          "is refused, since every caller that reaches %s gets the metrics: on a network of operators' own, set \"management.insecure\": true"
              .formatted(host));
    }
  }

  /** Returns true if the management port is open. */
  public boolean isOn() {
    return port >= 0;
  }

  /** Returns true if other machines can reach the management port. */
  public boolean isOpen() {
    return !Address.isLoopback(host);
  }
}
