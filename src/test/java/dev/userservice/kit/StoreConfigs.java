package dev.userservice.kit;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;

/** The configuration of a server for each store that outlives it, new, with the sample users. */
public final class StoreConfigs {

  private StoreConfigs() {}

  public static JsonObject sqlite(Path folder) {
    return of("sqlite", new JsonObject().put("file", folder.resolve("data/users.db").toString()));
  }

  public static JsonObject postgres(PostgresServer server) {
    return of("postgres", server.database());
  }

  /** A log of one server. */
  public static JsonObject raft(Path folder) {
    return new JsonObject()
        .put("port", 0)
        .put("sampleUsers", true)
        .put("store", RaftConfigs.store(RaftConfigs.servers(1), folder.resolve("raft")));
  }

  public static JsonObject of(String type, JsonObject settings) {
    JsonObject store = new JsonObject().put("type", type).put(type, settings);
    return new JsonObject().put("port", 0).put("sampleUsers", true).put("store", store);
  }
}
