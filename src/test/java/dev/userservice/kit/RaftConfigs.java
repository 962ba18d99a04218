package dev.userservice.kit;

import dev.userservice.config.RaftConfig;
import dev.userservice.config.ServerConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Configurations of the store "raft" on free ports. */
public final class RaftConfigs {

  private RaftConfigs() {}

  /** Free addresses on loopback. */
  public static JsonArray servers(int count) {
    JsonArray servers = new JsonArray();
    while (servers.size() < count) {
      String address = "127.0.0.1:" + FreePorts.one();
      if (!servers.contains(address)) {
        servers.add(address);
      }
    }
    return servers;
  }

  /** The object "store" of a server. */
  public static JsonObject store(JsonArray servers, Path folder) {
    return new JsonObject()
        .put("type", "raft")
        .put("startTimeoutMillis", (int) TimeUnit.SECONDS.toMillis(Waits.SECONDS))
        .put(
            "raft",
            new JsonObject()
                .put("servers", servers)
                .put("folder", folder.toString())
                // On a busy machine, elections take longer than the default of five seconds.
                .put("timeoutMillis", (int) TimeUnit.SECONDS.toMillis(Waits.SECONDS / 2)));
  }

  public static RaftConfig parsed(JsonArray servers, Path folder) {
    return ServerConfig.from(new JsonObject().put("store", store(servers, folder))).store().raft();
  }
}
