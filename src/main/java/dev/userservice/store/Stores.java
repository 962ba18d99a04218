package dev.userservice.store;

import dev.userservice.config.StoreConfig;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/** The one switch that picks a store. */
public final class Stores {

  private Stores() {}

  /** The store that a configuration asks for, not yet open. */
  public static UserStore of(StoreConfig config, Vertx vertx) {
    return of(config, vertx, List.of(), Optional.empty());
  }

  /**
   * The same, with somebody who looks on.
   *
   * @param observers told of each question in the opposite order, and of each answer in this one
   * @param trust for a store whose servers speak mutual TLS with each other
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
