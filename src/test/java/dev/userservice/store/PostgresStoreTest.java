package dev.userservice.store;

import dev.userservice.kit.PostgresServer;
import io.vertx.core.Vertx;

class PostgresStoreTest extends UserStoreContract {

  @Override
  protected UserStore newStore(Vertx vertx) {
    return PostgresStores.of(PostgresServer.newDatabase(), vertx);
  }
}
