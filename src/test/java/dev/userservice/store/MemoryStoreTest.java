package dev.userservice.store;

import io.vertx.core.Vertx;

class MemoryStoreTest extends UserStoreContract {

  @Override
  protected UserStore newStore(Vertx vertx) {
    return new MemoryStore();
  }
}
