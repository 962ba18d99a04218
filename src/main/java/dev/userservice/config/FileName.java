package dev.userservice.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Names that no file can have in this process. */
public final class FileName {

  private FileName() {}

  /**
   * Returns why a text cannot be the name of a file, to follow it in a message, or null. The names
   * of a process have the characters of its locale; with LC_ALL=C those are ASCII.
   */
  public static String refusal(String text) {
    try {
      Path.of(text);
      return null;
    } catch (InvalidPathException e) {
      return text.indexOf('\0') >= 0
          ? "cannot be the name of a file: it has a NUL character"
          : "cannot be the name of a file in the locale of this process, whose characters are %s: start it with LC_ALL=C.UTF-8"
              .formatted(System.getProperty("sun.jnu.encoding"));
    }
  }
}
