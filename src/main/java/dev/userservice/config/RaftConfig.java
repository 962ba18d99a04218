package dev.userservice.config;

import java.util.List;

/** Users in a log that several servers keep on their disks. */
public record RaftConfig(
    List<Address> servers, String folder, boolean join, int queueSize, int timeoutMillis) {

  /** Max number of users in one entry of the log, with at most about 700 bytes each. */
  static final int MAX_BATCH_USERS = 30_000;

  private static final int DEFAULT_PORT = 7_700;

  private static final int MAX_SERVERS = 7;

  static RaftConfig read(ConfigReader reader) {
    RaftConfig config =
        new RaftConfig(
            reader.list(
                "servers",
                List.of("127.0.0.1:" + DEFAULT_PORT),
                MAX_SERVERS,
                text -> Address.parse(text, DEFAULT_PORT),
                "addresses such as \"10.0.0.1:" + DEFAULT_PORT + "\"",
                "Addresses on which the servers of the log reach each other: 1, 3, 5 or 7, the same"
                    + " list on every server. A server takes the first address of its machine that"
                    + " is not in use."),
            reader.text(
                "folder",
                "data/raft",
                "The folder of the log. Each server creates a folder of its own in it, for its"
                    + " owner alone."),
            reader.flag(
                "join",
                false,
                "Lets a server without a log replace one that is lost. It replaces servers missing"
                    + " from `servers`, and the one that had its address."),
            reader.number(
                "queueSize",
                20_000,
                1,
                1_000_000,
                "Max number of users that wait to be written. Further ones are refused."),
            reader.number(
                "timeoutMillis",
                5_000,
                10,
                600_000,
                "Max time that a call waits for a majority of the servers."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (servers.size() % 2 == 0) {
      throw reader.refused(
          "servers",
          "has %d addresses, and needs an odd number: with %d, no more servers may fail than with %d"
              .formatted(servers.size(), servers.size(), servers.size() - 1));
    }
  }

  /** Returns true if other machines can reach the traffic of the log. */
  public boolean isOpen() {
    return servers.stream().anyMatch(server -> !Address.isLoopback(server.host()));
  }
}
