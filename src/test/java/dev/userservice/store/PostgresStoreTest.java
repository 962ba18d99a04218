package dev.userservice.store;

import dev.userservice.PostgresServer;
import dev.userservice.config.ServerConfig;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

class PostgresStoreTest extends UserStoreContract {

  @Override
  protected UserStore newStore(Vertx vertx) {
    JsonObject store = new JsonObject().put("type", "postgres");
    store.put("postgres", PostgresServer.newDatabase());
    return Stores.of(ServerConfig.from(new JsonObject().put("store", store)).store(), vertx);
  }
}
