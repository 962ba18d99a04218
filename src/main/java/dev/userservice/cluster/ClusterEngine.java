package dev.userservice.cluster;

import io.vertx.core.Completable;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.spi.cluster.NodeInfo;
import io.vertx.core.spi.cluster.RegistrationInfo;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.notifications.Listener;
import org.infinispan.notifications.cachemanagerlistener.annotation.Merged;
import org.infinispan.notifications.cachemanagerlistener.event.MergeEvent;

/**
 * vertx-infinispan with a newer Infinispan, and with servers that return.
 *
 * <p>When a server counts as gone, the others remove the registrations of its event bus from the
 * shared lists. If it had only been unreachable, its registrations would stay removed. So after a
 * merge of the cluster, each server registers again.
 */
@Listener
public final class ClusterEngine extends InfinispanClusterManager {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterEngine.class);

  private static final int RESTORE_MILLIS = 1_000;

  /** Several times: a registration made while the engine still merges its lists can be lost. */
  private static final int RESTORE_TIMES = 5;

  private final DefaultCacheManager engine;
  private final Map<String, Set<RegistrationInfo>> registrations = new ConcurrentHashMap<>();
  private final AtomicInteger restores = new AtomicInteger();
  private Vertx vertx;

  ClusterEngine(DefaultCacheManager engine) {
    super(engine);
    this.engine = engine;
    engine.addListener(this);
  }

  @Override
  public void init(Vertx vertx) {
    super.init(vertx);
    this.vertx = vertx;
  }

  /** Overridden, because the stock method calls one that is not accessible in Infinispan 15. */
  @Override
  public List<String> getNodes() {
    return engine.getMembers().stream().map(Object::toString).toList();
  }

  @Override
  public void addRegistration(
      String address, RegistrationInfo registration, Completable<Void> done) {
    registrations.computeIfAbsent(address, key -> ConcurrentHashMap.newKeySet()).add(registration);
    super.addRegistration(address, registration, done);
  }

  @Override
  public void removeRegistration(
      String address, RegistrationInfo registration, Completable<Void> done) {
    registrations.computeIfPresent(
        address, (key, all) -> all.remove(registration) && all.isEmpty() ? null : all);
    super.removeRegistration(address, registration, done);
  }

  /** Called by Infinispan on its own thread. */
  @Merged
  public void merged(MergeEvent event) {
    if (restores.getAndSet(RESTORE_TIMES) == 0) {
      restore();
    }
  }

  private void restore() {
    NodeInfo self = getNodeInfo();
    if (self != null) {
      setNodeInfo(self, this::restored);
      registrations.forEach(
          (address, all) ->
              all.forEach(
                  registration -> super.addRegistration(address, registration, this::restored)));
    }
    if (restores.decrementAndGet() > 0) {
      vertx.setTimer(RESTORE_MILLIS, again -> restore());
    }
  }

  private void restored(Void done, Throwable failure) {
    if (failure != null) {
      LOG.warn(
          "cannot restore the registrations of this server in the cluster; a retry follows",
          failure);
    }
  }
}
