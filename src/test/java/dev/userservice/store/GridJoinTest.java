package dev.userservice.store;

import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.failure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.ClusterNode;
import dev.userservice.cluster.Cluster;
import dev.userservice.config.ServerConfig;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.infinispan.manager.EmbeddedCacheManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server that joins a grid which has users. */
class GridJoinTest {

  private final Vertx vertx = Vertx.vertx();
  private final List<Cluster> clusters = new ArrayList<>();

  @AfterEach
  void leave() {
    clusters.forEach(Cluster::leave);
    await(vertx.close());
  }

  /**
   * The engine makes a cluster of a server that finds nobody in time, and merges the two later; in
   * between, the server counts the others among its members already, and has none of their users.
   */
  @Test
  void whoBeganAlone_refusesUntilItIsTogetherWithTheOthers() throws Exception {
    JsonObject together = ClusterNode.grid(3);
    int port = together.getJsonObject("cluster").getInteger("port");
    JsonObject alone = together.copy();
    alone
        .getJsonObject("cluster")
        .put("port", port + 20)
        .put("members", new JsonArray().add("127.0.0.1:" + (port + 20)));
    together.getJsonObject("cluster").getJsonArray("members").add("127.0.0.1:" + (port + 20));
    UserStore first = join(together);
    UserStore second = join(together);
    await(first.open());
    await(second.open());
    int userId = await(first.create(draft("somebody@example.com"), () -> false)).getUserId();

    UserStore third = join(alone);
    Set<Reason> refusals = EnumSet.noneOf(Reason.class);
    for (Future<UserResponse> seen = look(third, userId); seen.failed(); ) {
      refusals.add(failure(seen).reason());
      seen = look(third, userId);
    }

    assertThat(refusals).containsExactly(Reason.UNAVAILABLE);
  }

  /** Opens it once more, and asks it for a user; ends before it returns. */
  private static Future<UserResponse> look(UserStore store, int userId) {
    Future<UserResponse> look = store.open().compose(open -> store.get(userId));
    failure(look);
    return look;
  }

  private UserStore join(JsonObject server) {
    ServerConfig config = ServerConfig.from(server);
    Cluster cluster = Cluster.join(config.cluster());
    clusters.add(cluster);
    return new GridStore(
        config.store().grid(),
        (EmbeddedCacheManager) ((InfinispanClusterManager) cluster.manager()).getCacheContainer(),
        vertx);
  }
}
