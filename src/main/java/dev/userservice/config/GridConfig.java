package dev.userservice.config;

/**
 * Users in the memory of the servers of a cluster.
 *
 * @param servers how many servers there are when all are there, 1 to 64; more than half of them
 *     have to be together, or none of them reads or writes
 * @param waiting how many users may wait to be written before more are refused; 1 to 1,000,000
 * @param timeoutMillis how long a call may wait for its turn, 10 to 600,000 milliseconds
 */
public record GridConfig(int servers, int waiting, int timeoutMillis) {

  static GridConfig read(ConfigReader reader) {
    return new GridConfig(
        reader.number("servers", 3, 1, 64),
        reader.number("waiting", 20_000, 1, 1_000_000),
        reader.number("timeoutMillis", 5_000, 10, 600_000));
  }
}
