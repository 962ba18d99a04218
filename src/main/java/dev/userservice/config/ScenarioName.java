package dev.userservice.config;

import java.util.Locale;

/** The scenarios of the client. */
public enum ScenarioName {
  GET,
  CREATE,
  LIST,
  BATCH,
  CHAT,
  RELAY,
  HEALTH;

  /** The name in {@code scenarios}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
