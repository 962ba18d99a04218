package dev.userservice.config;

import java.util.Locale;

/** The choice of the server of the next call. */
public enum Balance {
  /** Each in turn. */
  ROUND_ROBIN,

  /** The one with the fewest open calls. */
  LEAST_REQUEST,

  /** The first that answers. */
  PICK_FIRST;

  /** The value of {@code balance}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
