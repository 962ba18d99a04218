package dev.userservice.config;

import java.util.stream.Stream;

/** The store of the users: its type, and the keys of each type. */
public record StoreConfig(
    StoreType type,
    int startTimeoutMillis,
    SqliteConfig sqlite,
    PostgresConfig postgres,
    RaftConfig raft) {

  static StoreType type(ConfigReader reader) {
    return reader.oneOf(
        "type",
        StoreType.MEMORY,
        "The kind of store for the users. It must be set when `sqlite`, `postgres` or `raft` is set.");
  }

  static StoreConfig read(ConfigReader reader) {
    StoreConfig config =
        new StoreConfig(
            type(reader),
            reader.number(
                "startTimeoutMillis",
                30_000,
                0,
                100_000,
                "Max time that a start waits for a store that is not reachable. With 0 the server"
                    + " starts without the store, and keeps retrying."),
            SqliteConfig.read(reader.object("sqlite")),
            PostgresConfig.read(reader.object("postgres")),
            RaftConfig.read(reader.object("raft")));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (!postgres.caFile().isEmpty() && !postgres.tls().equals("verify-full")) {
      throw reader.refused(
          "postgres.caFile", "has no effect without \"store.postgres.tls\": \"verify-full\"");
    }
    if (!reader.has("type")) {
      // The default is the memory, which loses users that were meant to last.
      Stream.of(StoreType.values())
          .map(StoreType::toString)
          .filter(reader::has)
          .forEach(store -> reader.refuseIdle(store, "\"store.type\": \"" + store + "\""));
    }
  }
}
