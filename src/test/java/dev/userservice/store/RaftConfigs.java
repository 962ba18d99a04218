package dev.userservice.store;

import dev.userservice.config.RaftConfig;
import dev.userservice.config.ServerConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Configurations of the store "raft" on ports that nobody has. */
public final class RaftConfigs {

  private RaftConfigs() {}

  /** As many addresses on loopback. */
  public static JsonArray servers(int count) {
    List<ServerSocket> taken = new ArrayList<>();
    JsonArray servers = new JsonArray();
    try {
      for (int i = 0; i < count; i++) {
        ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        taken.add(free);
        servers.add("127.0.0.1:" + free.getLocalPort());
      }
      for (ServerSocket each : taken) {
        each.close();
      }
      return servers;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The object "store" of a server. */
  public static JsonObject store(JsonArray servers, Path folder) {
    return new JsonObject()
        .put("type", "raft")
        .put("raft", new JsonObject().put("servers", servers).put("folder", folder.toString()));
  }

  static RaftConfig parsed(JsonArray servers, Path folder) {
    return ServerConfig.from(new JsonObject().put("store", store(servers, folder))).store().raft();
  }
}
