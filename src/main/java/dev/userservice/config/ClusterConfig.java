package dev.userservice.config;

import java.util.List;

/**
 * How this server finds the others of its cluster, once it is started with {@code --cluster}.
 *
 * @param host the address of this machine that the others reach, for everything that servers tell
 *     each other
 * @param port where to listen for the others, 1 to 65535; when it is taken, one of the next {@link
 *     #PORT_RANGE}
 * @param tls how members prove that they are; without it, nothing that servers tell each other is
 *     encrypted
 * @param insecure whether a host that is not loopback may do without {@code tls}, since it is on a
 *     network of the servers' own: whoever reaches it can read and write all users
 * @param members where others may be, 1 to 64 addresses; not all of them have to be there
 * @param dns a name that stands for the addresses of all members, taken instead of {@code members};
 *     empty for none
 */
public record ClusterConfig(
    String host,
    int port,
    ClusterTlsConfig tls,
    boolean insecure,
    List<Address> members,
    String dns) {

  /** How many ports after {@link #port} are tried, and looked at. */
  public static final int PORT_RANGE = 9;

  /** How far behind {@link #port} FD_SOCK2 of JGroups listens, its default; FD_SOCK does so too. */
  private static final int MONITOR = 100;

  private static final int DEFAULT_PORT = 7_800;

  static ClusterConfig read(ConfigReader reader) {
    ClusterConfig config =
        new ClusterConfig(
            reader.text("host", "127.0.0.1"),
            reader.number("port", DEFAULT_PORT, 1, 65_535),
            ClusterTlsConfig.read(reader.object("tls")),
            reader.flag("insecure", false),
            reader.list(
                "members",
                List.of("127.0.0.1:" + DEFAULT_PORT),
                64,
                text -> Address.parse(text, DEFAULT_PORT),
                "addresses such as \"10.0.0.1:" + DEFAULT_PORT + "\""),
            reader.textOrNone("dns"));
    if (!config.tls.isOn()) {
      reader.refuseIdle(
          "tls", "\"certificateFile\" and \"keyFile\", or \"keyStoreFile\", and \"caFile\"");
    }
    if (config.isOpen() && !config.insecure) {
      throw reader.refused(
          "host",
          "is refused, since what servers tell each other at %s is neither encrypted nor checked: set \"cluster.tls\" or, on a network of their own, \"cluster.insecure\": true"
              .formatted(config.host));
    }
    return config;
  }

  /** Where the other servers are looked for, for people. */
  public String others() {
    return dns.isEmpty() ? Address.list(members) : dns;
  }

  /**
   * The first port on which a server can be watched by the others; 0 for any free one, where {@link
   * #PORT_RANGE} leads over the last port.
   */
  public int monitorPort() {
    int first = port + MONITOR;
    return first + PORT_RANGE > 65_535 ? 0 : first;
  }

  /**
   * Whether a server of the cluster may listen on a port: {@link #port}, or that of its monitor.
   */
  boolean listensOn(int number) {
    return number >= port && number <= port + PORT_RANGE
        || number >= port + MONITOR && number <= port + MONITOR + PORT_RANGE;
  }

  /** All of these ports, for people. */
  String ports() {
    return "%d to %d and %d to %d"
        .formatted(port, port + PORT_RANGE, port + MONITOR, port + MONITOR + PORT_RANGE);
  }

  /** Whether others than this machine can reach what servers tell each other, without a proof. */
  public boolean isOpen() {
    return !Address.isLoopback(host) && !tls.isOn();
  }
}
