package dev.userservice.store;

import dev.userservice.config.StoreConfig;

class MemoryStoreTest extends UserStoreContract {

  @Override
  protected UserStore open() {
    return Stores.open(new StoreConfig("memory"));
  }
}
