package dev.userservice.config;

/**
 * Users in one file of this machine.
 *
 * @param file the database file; made for its owner alone, with its folder, when it is missing
 * @param readers how many threads read at a time, 1 to 64
 * @param queueSize how many users may wait to be written, and how many reads to be done, before
 *     more are refused; 1 to 1,000,000
 * @param timeoutMillis how long a call may wait for its turn, 10 to 600,000 milliseconds
 */
public record SqliteConfig(String file, int readers, int queueSize, int timeoutMillis) {

  static SqliteConfig read(ConfigReader reader) {
    return new SqliteConfig(
        reader.text("file", "data/users.db"),
        reader.number("readers", 2, 1, 64),
        reader.number("queueSize", 20_000, 1, 1_000_000),
        reader.number("timeoutMillis", 5_000, 10, 600_000));
  }
}
