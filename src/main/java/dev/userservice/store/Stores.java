package dev.userservice.store;

import dev.userservice.config.StoreConfig;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/** Creates the configured store. */
public final class Stores {

  private Stores() {}

  /**
   * Returns the configured store, not yet open.
   *
   * @param observers called in reverse order when an operation begins, in this order when it ends
   * @param trust for a store whose servers use mutual TLS with each other
   */
  public static UserStore of(
      StoreConfig config, Vertx vertx, List<StoreObserver> observers, Optional<MemberTrust> trust) {
    return ObservedStore.of(plain(config, vertx, trust), observers);
  }

  private static UserStore plain(StoreConfig config, Vertx vertx, Optional<MemberTrust> trust) {
    return switch (config.type()) {
      case MEMORY -> new MemoryStore();
      case SQLITE -> new SqliteStore(config.sqlite(), vertx);
      case POSTGRES -> new PostgresStore(config.postgres(), vertx);
      case RAFT -> new RaftStore(config.raft(), vertx, trust);
    };
  }
}
