package dev.userservice.cluster;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.spi.cluster.ClusterManager;
import io.vertx.core.spi.cluster.NodeListener;
import java.util.List;

/** The servers of the cluster by id. Logs each change. May be used from any thread. */
public final class Members {

  private static final Logger LOG = LoggerFactory.getLogger(Members.class);

  private final ClusterManager manager;

  /**
   * @param vertx a clustered one, see {@link Vertx#isClustered}
   */
  public Members(Vertx vertx) {
    manager = ((VertxInternal) vertx).clusterManager();
  }

  /** The id of this server. */
  public String self() {
    return manager.getNodeId();
  }

  /** The ids of all servers, including this one. */
  public List<String> all() {
    return manager.getNodes();
  }

  /** Replaces any earlier handlers. Handlers run on any thread. */
  void watch(Handler<String> joined, Handler<String> left) {
    manager.nodeListener(
        new NodeListener() {
          @Override
          public void nodeAdded(String id) {
            LOG.info(Members.this + ", one has joined");
            joined.handle(id);
          }

          @Override
          public void nodeLeft(String id) {
            LOG.info(Members.this + ", one has left");
            left.handle(id);
          }
        });
  }

  /** Such as "Cluster: 3 members". */
  @Override
  public String toString() {
    int members = all().size();
    return "Cluster: " + (members == 1 ? "1 member" : members + " members");
  }
}
