package dev.userservice.store;

import dev.userservice.Waits;
import dev.userservice.config.RaftConfig;
import dev.userservice.config.ServerConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Configurations of the store "raft" on ports that nobody has. */
public final class RaftConfigs {

  /**
   * Below the ports that systems give to outgoing connections: one of those could take a port while
   * its server is stopped.
   */
  private static final int FIRST_PORT = 10_000;

  private static final int LAST_PORT = 32_000;

  private static final Random RANDOM = new Random();

  private RaftConfigs() {}

  /** As many addresses on loopback. */
  public static JsonArray servers(int count) {
    JsonArray servers = new JsonArray();
    while (servers.size() < count) {
      String address = "127.0.0.1:" + freePort();
      if (!servers.contains(address)) {
        servers.add(address);
      }
    }
    return servers;
  }

  /** One that stays free while its server is stopped. */
  public static int freePort() {
    while (true) {
      int port = FIRST_PORT + RANDOM.nextInt(LAST_PORT - FIRST_PORT);
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        return free.getLocalPort();
      } catch (IOException taken) {
        // The next one, then.
      }
    }
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
                // On a busy machine elections take longer than the five seconds of the default.
                .put("timeoutMillis", (int) TimeUnit.SECONDS.toMillis(Waits.SECONDS / 2)));
  }

  static RaftConfig parsed(JsonArray servers, Path folder) {
    return ServerConfig.from(new JsonObject().put("store", store(servers, folder))).store().raft();
  }
}
