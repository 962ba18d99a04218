package dev.userservice.console;

import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Makes text from a server fit for a terminal: in one line of bounded length, without anything that
 * moves the cursor or turns the text around, in characters that the terminal has. The rest is
 * escaped the way JSON does it, so JSON stays JSON.
 */
public final class Printable {

  private static final int MOST_CHARS = 1_000;

  private final CharsetEncoder encoder;

  public Printable(Charset charset) {
    encoder = charset.newEncoder();
  }

  /** For whoever prints it elsewhere and cares for the characters himself. */
  public static String line(String text) {
    return new Printable(StandardCharsets.UTF_8).of(text);
  }

  public String of(String text) {
    StringBuilder result = new StringBuilder(Math.min(text.length(), MOST_CHARS) + 20);
    int i = 0;
    while (i < text.length() && i < MOST_CHARS) {
      int c = text.codePointAt(i);
      String character = Character.toString(c);
      if (harmless(c) && encoder.canEncode(character)) {
        result.append(character);
      } else {
        character.chars().forEach(unit -> result.append("\\u%04x".formatted(unit)));
      }
      i += character.length();
    }
    if (i < text.length()) {
      result.append("... and ").append(text.length() - i).append(" characters more");
    }
    return result.toString();
  }

  private static boolean harmless(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
