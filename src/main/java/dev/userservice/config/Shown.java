package dev.userservice.config;

import io.vertx.core.json.Json;

/** How a value that was found stands in a message. */
final class Shown {

  private static final int MOST_CHARS = 60;

  private Shown() {}

  /** In JSON, so that "5" and 5 look different, and cut where it would fill the line. */
  static String of(Object value) {
    String json = Json.encode(value);
    return json.length() <= MOST_CHARS ? json : json.substring(0, MOST_CHARS) + "...";
  }
}
