package dev.userservice.config;

import java.util.List;

/**
 * Where the users are kept.
 *
 * @param type "memory": in the process, gone when it ends; "sqlite": in one file; "postgres": in a
 *     PostgreSQL database; "raft": in a log on the disks of several servers
 * @param startTimeoutMillis how long a start waits for a store that cannot be reached, before it
 *     fails, 0 to 100,000 milliseconds; with 0 the server starts without, and goes on trying
 * @param sqlite for type "sqlite"
 * @param postgres for type "postgres"
 * @param raft for type "raft"
 */
public record StoreConfig(
    String type,
    int startTimeoutMillis,
    SqliteConfig sqlite,
    PostgresConfig postgres,
    RaftConfig raft) {

  /** Whether several servers may have the same users. */
  public boolean isShared() {
    return type.equals("postgres") || type.equals("raft");
  }

  private static final List<String> TYPES = List.of("memory", "sqlite", "postgres", "raft");

  static String type(ConfigReader reader) {
    return reader.oneOf("type", "memory", TYPES);
  }

  static StoreConfig read(ConfigReader reader) {
    StoreConfig config =
        new StoreConfig(
            type(reader),
            reader.number("startTimeoutMillis", 30_000, 0, 100_000),
            SqliteConfig.read(reader.object("sqlite")),
            PostgresConfig.read(reader.object("postgres")),
            RaftConfig.read(reader.object("raft")));
    if (!config.postgres.caFile().isEmpty() && !config.postgres.tls().equals("verify-full")) {
      throw reader.refused(
          "postgres.caFile", "has no effect without \"store.postgres.tls\": \"verify-full\"");
    }
    if (!reader.has("type")) {
      // It would be the memory, and what is meant to last would end with the process.
      TYPES.stream()
          .filter(reader::has)
          .forEach(store -> reader.refuseIdle(store, "\"store.type\": \"" + store + "\""));
    }
    return config;
  }
}
