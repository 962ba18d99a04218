package dev.userservice.config;

import java.util.List;

/**
 * Where the users are kept.
 *
 * @param type "memory": in the process, gone when it ends
 */
public record StoreConfig(String type) {

  static StoreConfig read(ConfigReader reader) {
    return new StoreConfig(reader.oneOf("type", "memory", List.of("memory")));
  }
}
