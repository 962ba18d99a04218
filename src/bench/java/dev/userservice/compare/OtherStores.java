package dev.userservice.compare;

import dev.userservice.kit.PostgresServer;
import dev.userservice.compare.Peer.Launch;
import dev.userservice.compare.Peer.Protocol;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Ours with its users in other places than its own memory. */
final class OtherStores {

  private static final Set<String> LOADS =
      Set.of("get-32", "get-256", "list-1k", "create-32", "create-256", "batch-packed");

  private static final int RAFT_SERVERS = 3;

  private OtherStores() {}

  /** Three servers, of which the first is called; what it costs, it costs all of them. */
  static Peer raft() {
    return peer("user-service-raft", "user-service, log of 3", OtherStores::raftLines);
  }

  /** A PostgreSQL of its own, whose CPU time is not counted; fails where none can be started. */
  static Peer postgres() {
    return peer(
        "user-service-postgres",
        "user-service, PostgreSQL",
        launch ->
            List.of(
                Peers.oursWith(
                    launch,
                    new JsonObject()
                        .put(
                            "store",
                            new JsonObject()
                                .put("type", "postgres")
                                .put("postgres", PostgresServer.newDatabase())))));
  }

  private static Peer peer(String name, String label, Peer.Commands commands) {
    return new Peer(name, label, Protocol.GRPC, true, false, LOADS, "", false, Map.of(), commands);
  }

  private static List<List<String>> raftLines(Launch launch) throws Exception {
    JsonArray servers = new JsonArray();
    for (int i = 0; i < RAFT_SERVERS; i++) {
      servers.add("127.0.0.1:" + ServerProcess.freePort());
    }
    JsonObject raft =
        new JsonObject()
            .put("servers", servers)
            .put("folder", Files.createTempDirectory("user-service-raft").toString());
    JsonObject config =
        new JsonObject()
            .put(
                "store",
                new JsonObject()
                    .put("type", "raft")
                    .put("startTimeoutMillis", 100_000)
                    .put("raft", raft));
    List<List<String>> lines = new ArrayList<>();
    for (int i = 0; i < RAFT_SERVERS; i++) {
      int port = i == 0 ? launch.port() : ServerProcess.freePort();
      Launch one = new Launch(port, launch.heapMegabytes(), null, null);
      lines.add(Peers.oursWith(one, config));
    }
    return lines;
  }
}
