package dev.userservice.config;

/**
 * Where operators, and their tools, find metrics and health over plain HTTP.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 to 65535; 0 takes any free one, -1 is none
 * @param insecure whether a host that is not loopback is on a network of operators' own: what it
 *     answers is neither encrypted, nor does it ask who asks
 */
public record ManagementConfig(String host, int port, boolean insecure) {

  static ManagementConfig read(ConfigReader reader) {
    ManagementConfig config =
        new ManagementConfig(
            reader.text("host", "127.0.0.1"),
            reader.numberOrNone("port", 0, 65_535),
            reader.flag("insecure", false));
    if (config.isOn() && config.isOpen() && !config.insecure) {
      throw reader.refused(
          "host",
          "is refused, since metrics go to whoever reaches %s: on a network of operators' own, set \"management.insecure\": true"
              .formatted(config.host));
    }
    return config;
  }

  /** Whether there is a management port. */
  public boolean isOn() {
    return port >= 0;
  }

  /** Whether others than this machine can reach it. */
  public boolean isOpen() {
    return !Address.isLoopback(host);
  }
}
