package dev.userservice.config;

import java.util.Locale;

/** The loads, one for each RPC. */
public enum LoadName {
  GET,
  CREATE,
  LIST,
  BATCH,
  CHAT;

  /** The name in {@code loads}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
