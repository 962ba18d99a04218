package dev.userservice.store;

import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.failure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.ClusterNode;
import dev.userservice.Waits;
import dev.userservice.cluster.Cluster;
import dev.userservice.config.ClusterConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that joins a grid which has users. */
@Timeout(Waits.TEST_SECONDS) // one that is never let in would be asked for ever
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
    // Further away than those who know only their own port look for others.
    int aside = port + 2 * (ClusterConfig.PORT_RANGE + 1);
    JsonArray itself = new JsonArray().add("127.0.0.1:" + aside);
    JsonObject alone = together.copy();
    alone.getJsonObject("cluster").put("port", aside).put("members", itself);
    together.getJsonObject("cluster").getJsonArray("members").addAll(itself);
    UserStore first = join(together);
    UserStore second = join(together);
    await(first.open());
    await(second.open());
    int userId = await(first.create(draft("somebody@example.com"), () -> false)).getUserId();

    UserStore third = join(alone);
    Set<Reason> refusals = EnumSet.noneOf(Reason.class);
    for (StoreException refusal = look(third, userId);
        refusal != null;
        refusal = look(third, userId)) {
      refusals.add(refusal.reason());
    }

    assertThat(refusals).containsExactly(Reason.UNAVAILABLE);
  }

  /** Opens a store once more and asks it for a user; why it refuses, or null when it answers. */
  private static StoreException look(UserStore store, int userId) {
    return failure(store.open().compose(open -> store.get(userId)));
  }

  private UserStore join(JsonObject server) {
    ServerConfig config = ServerConfig.from(server);
    Cluster cluster = Cluster.join(config.cluster());
    clusters.add(cluster);
    return new GridStore(config.store().grid(), GridContract.engine(cluster), vertx);
  }
}
