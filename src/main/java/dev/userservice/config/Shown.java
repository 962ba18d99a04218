package dev.userservice.config;

import io.vertx.core.json.Json;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How a value that was found stands in a message. */
public final class Shown {

  private static final int MOST_CHARS = 60;

  /** What JSON may leave as it is, but breaks a line or commands a terminal. */
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\u2028\\u2029]");

  private Shown() {}

  /** In JSON, so that "5" and 5 look different, and cut where it would fill the line. */
  public static String of(Object value) {
    String json = printable(Json.encode(value));
    return json.length() <= MOST_CHARS ? json : json.substring(0, MOST_CHARS) + "...";
  }

  /** A text with whatever does not print turned into its JSON escape. */
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
