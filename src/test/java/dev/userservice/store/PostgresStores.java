package dev.userservice.store;

import dev.userservice.StoreConfigs;
import dev.userservice.config.ServerConfig;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Stores of one test over PostgreSQL, on a Vert.x of their own. */
final class PostgresStores {

  final Vertx vertx = Vertx.vertx();
  final List<UserStore> all = new ArrayList<>();

  /** One that is not open, as a server would get it. */
  static UserStore of(JsonObject settings, Vertx vertx) {
    return Stores.of(ServerConfig.from(StoreConfigs.of("postgres", settings)).store(), vertx);
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
