package dev.userservice.store;

import dev.userservice.config.ServerConfig;
import dev.userservice.kit.StoreConfigs;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The PostgreSQL stores of one test, on their own Vert.x. */
final class PostgresStores {

  final Vertx vertx = Vertx.vertx();
  final List<UserStore> all = new ArrayList<>();

  /** A store as a server gets it, not yet open. */
  static UserStore of(JsonObject settings, Vertx vertx) {
    return Stores.of(
        ServerConfig.from(StoreConfigs.of("postgres", settings)).store(),
        vertx,
        List.of(),
        Optional.empty());
  }

  UserStore store(JsonObject settings) {
    UserStore store = of(settings, vertx);
    all.add(store);
    return store;
  }

  UserStore open(JsonObject settings) {
    UserStore store = store(settings);
    Drafts.await(store.open());
    return store;
  }

  void close() {
    all.forEach(store -> Drafts.await(store.close()));
    Drafts.await(vertx.close());
  }
}
