package dev.userservice.console;

import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Makes text from a server safe to print: one line of bounded length, without control characters
 * and changes of direction, in the terminal's charset. Other characters are escaped as in JSON, so
 * JSON stays valid.
 */
public final class Printable {

  private static final int MAX_CHARS = 1_000;

  private final CharsetEncoder encoder;

  public Printable(Charset charset) {
    encoder = charset.newEncoder();
  }

  /** The same without a charset, for output that another class encodes. */
  public static String line(String text) {
    return new Printable(StandardCharsets.UTF_8).of(text);
  }

  public String of(String text) {
    return of(text, MAX_CHARS);
  }

  /** The same, but whole: for output that a person has asked for. */
  public String whole(String text) {
    return of(text, Integer.MAX_VALUE);
  }

  private String of(String text, int maxChars) {
    StringBuilder result = new StringBuilder(Math.min(text.length(), maxChars) + 20);
    int i = 0;
    while (i < text.length() && i < maxChars) {
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
