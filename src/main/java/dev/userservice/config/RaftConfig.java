package dev.userservice.config;

import java.util.List;

/**
 * Users in a log that several servers keep on their disks.
 *
 * @param servers where the servers reach each other, 1, 3, 5 or 7 addresses, the same list on all;
 *     each server takes one that is an address of its machine and that no other process has
 * @param folder where the log is; each server makes a folder of its own in it
 * @param join whether a server without a log is a new one of servers that have one: it replaces
 *     those that are not in {@code servers}, and the one that had its address
 * @param queueSize how many users may wait to be written before more are refused; 1 to 1,000,000
 * @param timeoutMillis how long a call may wait for a majority, 10 to 600,000 milliseconds
 */
public record RaftConfig(
    List<Address> servers, String folder, boolean join, int queueSize, int timeoutMillis) {

  /** The users of one entry of the log, which are about 700 bytes each at most. */
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
                "addresses such as \"10.0.0.1:" + DEFAULT_PORT + "\""),
            reader.text("folder", "data/raft"),
            reader.flag("join", false),
            reader.number("queueSize", 20_000, 1, 1_000_000),
            reader.number("timeoutMillis", 5_000, 10, 600_000));
    if (config.servers.size() % 2 == 0) {
      throw reader.refused(
          "servers",
          "has %d addresses, and needs an odd number: with %d, no more servers may fail than with %d"
              .formatted(config.servers.size(), config.servers.size(), config.servers.size() - 1));
    }
    return config;
  }

  /** Whether others than this machine can reach what servers tell each other. */
  public boolean isOpen() {
    return servers.stream().anyMatch(server -> !Address.isLoopback(server.host()));
  }
}
