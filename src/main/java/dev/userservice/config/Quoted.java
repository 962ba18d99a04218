package dev.userservice.config;

import io.vertx.core.json.Json;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A value of the configuration, quoted for a message. */
public final class Quoted {

  private static final int MAX_CHARS = 60;

  /** Characters that JSON allows, but that break a line or control a terminal. */
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\u2028\\u2029]");

  private Quoted() {}

  /** Returns a value in JSON, so that "5" and 5 look different, cut after 60 characters. */
  public static String of(Object value) {
    String json = printable(Json.encode(value));
    return json.length() <= MAX_CHARS ? json : json.substring(0, MAX_CHARS) + "...";
  }

  /** Replaces characters that do not print by their JSON escapes. */
  static String printable(String text) {
    return UNPRINTABLE
        .matcher(text)
        .replaceAll(
            found ->
                found
                    .group()
                    .chars()
                    .mapToObj("\\\\u%04x"::formatted)
                    .collect(Collectors.joining()));
  }
}
