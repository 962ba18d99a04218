package dev.userservice.store;

class MemoryStoreTest extends UserStoreContract {

  @Override
  protected UserStore newStore() {
    return new MemoryStore();
  }
}
