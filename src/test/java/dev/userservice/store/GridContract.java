package dev.userservice.store;

import dev.userservice.cluster.Cluster;
import dev.userservice.config.GridConfig;
import dev.userservice.config.ServerConfig;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import org.infinispan.counter.EmbeddedCounterManagerFactory;
import org.infinispan.manager.EmbeddedCacheManager;
import org.junit.jupiter.api.AfterAll;

/** The kit over a grid that this JVM is a server of. */
abstract class GridContract extends UserStoreContract {

  private static Cluster cluster;
  private static GridConfig config;

  static void join(JsonObject server) {
    ServerConfig parsed = ServerConfig.from(server);
    config = parsed.store().grid();
    cluster = Cluster.join(parsed.cluster());
  }

  static EmbeddedCacheManager engine(Cluster cluster) {
    return (EmbeddedCacheManager)
        ((InfinispanClusterManager) cluster.manager()).getCacheContainer();
  }

  @AfterAll
  static void leave() {
    cluster.leave();
  }

  @Override
  protected UserStore newStore(Vertx vertx) {
    EmbeddedCacheManager engine = engine(cluster);
    for (String cache : new String[] {"users", "users.emails", "users.writes"}) {
      engine.getCache(cache).clear();
    }
    EmbeddedCounterManagerFactory.asCounterManager(engine).remove("users.ids");
    return new GridStore(config, engine, vertx);
  }
}
