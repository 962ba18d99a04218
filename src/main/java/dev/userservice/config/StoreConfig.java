package dev.userservice.config;

import java.util.stream.Stream;

/**
 * Where the users are kept.
 *
 * @param type the kind of store
 * @param startTimeoutMillis how long a start waits for a store that cannot be reached, before it
 *     fails, 0 to 100,000 milliseconds; with 0 the server starts without, and goes on trying
 * @param sqlite for type "sqlite"
 * @param postgres for type "postgres"
 * @param raft for type "raft"
 */
public record StoreConfig(
    StoreType type,
    int startTimeoutMillis,
    SqliteConfig sqlite,
    PostgresConfig postgres,
    RaftConfig raft) {

  static StoreType type(ConfigReader reader) {
    return reader.oneOf("type", StoreType.MEMORY);
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
      // The default is the memory, and users who should last would be lost with the process.
      Stream.of(StoreType.values())
          .map(StoreType::toString)
          .filter(reader::has)
          .forEach(store -> reader.refuseIdle(store, "\"store.type\": \"" + store + "\""));
    }
    return config;
  }
}
