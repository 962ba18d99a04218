package dev.userservice.store;

import dev.userservice.config.StoreConfig;

/** The one switch that picks a store. */
public final class Stores {

  private Stores() {}

  /**
   * The store that a configuration asks for.
   *
   * @throws IllegalArgumentException for a type that the configuration should not have let through
   */
  public static UserStore open(StoreConfig config) {
    return switch (config.type()) {
      case "memory" -> new MemoryStore();
      default -> throw new IllegalArgumentException("no store of type " + config.type());
    };
  }
}
