package dev.userservice.config;

import java.util.List;

/**
 * The way in which this server finds the others of its cluster, once it is started with {@code
 * --cluster}.
 *
 * @param port the first of {@link #PORT_RANGE} + 1 ports that are tried
 * @param dns empty for none
 */
public record ClusterConfig(
    String host,
    int port,
    ClusterTlsConfig tls,
    boolean insecure,
    List<Address> members,
    String dns) {

  /** Number of ports after {@link #port} that a server tries, and looks for others on. */
  public static final int PORT_RANGE = 9;

  /** Offset of the port of FD_SOCK2 of JGroups from {@link #port}, its default; also of FD_SOCK. */
  private static final int MONITOR = 100;

  private static final int DEFAULT_PORT = 7_800;

  static ClusterConfig read(ConfigReader reader) {
    ClusterConfig config =
        new ClusterConfig(
            reader.text(
                "host",
                "127.0.0.1",
                "The address of this machine for all traffic between servers, with `--cluster`."),
            reader.number(
                "port",
                DEFAULT_PORT,
                1,
                65_535,
                "The port to listen on for other servers. If it is in use, the server takes one of"
                    + " the next nine."),
            ClusterTlsConfig.read(reader.object("tls")),
            reader.flag(
                "insecure",
                false,
                "Allows `cluster.host`, or an address of the log, that is not loopback without"
                    + " `cluster.tls`. Any program that reaches it can then read and write all"
                    + " users."),
            reader.list(
                "members",
                List.of("127.0.0.1:" + DEFAULT_PORT),
                64,
                text -> Address.parse(text, DEFAULT_PORT),
                "addresses such as \"10.0.0.1:" + DEFAULT_PORT + "\"",
                "Addresses of possible servers, not all of which must run. Each stands for the next"
                    + " nine ports too."),
            reader.textOrNone(
                "dns",
                "A name that resolves to the addresses of all servers, in place of `members`."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (!tls.isOn()) {
      reader.refuseIdle(
          "tls", "\"certificateFile\" and \"keyFile\", or \"keyStoreFile\", and \"caFile\"");
    }
    if (isOpen() && !insecure) {
      throw reader.refused(
          "host",
          "is refused, since what servers tell each other at %s is neither encrypted nor checked: set \"cluster.tls\" or, on a network of their own, \"cluster.insecure\": true"
              .formatted(host));
    }
  }

  /** The places of other servers, for operators. */
  public String others() {
    return dns.isEmpty() ? Address.list(members) : dns;
  }

  /**
   * The first port on which the other servers monitor this one; 0 for any free one, if the range
   * exceeds the last port.
   */
  public int monitorPort() {
    int first = port + MONITOR;
    return first + PORT_RANGE > 65_535 ? 0 : first;
  }

  /**
   * Returns true if a server of the cluster may listen on a port: {@link #port}, or that of its
   * monitor.
   */
  boolean listensOn(int number) {
    return number >= port && number <= port + PORT_RANGE
        || number >= port + MONITOR && number <= port + MONITOR + PORT_RANGE;
  }

  /** All of these ports, for operators. */
  String ports() {
    return "%d to %d and %d to %d"
        .formatted(port, port + PORT_RANGE, port + MONITOR, port + MONITOR + PORT_RANGE);
  }

  /** Returns true if other machines can reach the traffic between servers, without TLS. */
  public boolean isOpen() {
    return !Address.isLoopback(host) && !tls.isOn();
  }
}
