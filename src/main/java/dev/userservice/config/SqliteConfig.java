package dev.userservice.config;

/** Users in one file of this machine. */
public record SqliteConfig(String file, int readers, int queueSize, int timeoutMillis) {

  static SqliteConfig read(ConfigReader reader) {
    return new SqliteConfig(
        reader.text(
            "file",
            "data/users.db",
            "The database file. A missing file is created with its folder, for its owner alone"
                + " (modes 0600 and 0700)."),
        reader.number("readers", 2, 1, 64, "Number of threads that read at the same time."),
        reader.number(
            "queueSize",
            20_000,
            1,
            1_000_000,
            "Max number of users that wait to be written, and of calls that wait to read. Further"
                + " ones are refused."),
        reader.number(
            "timeoutMillis",
            5_000,
            10,
            600_000,
            "Max time that a call waits for its turn, and for another program that has locked the"
                + " file."));
  }
}
