package dev.userservice.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The known name that a misspelt one may mean. */
public final class Suggestion {

  /** Letters per allowed change of a near name; at least one change is allowed. */
  private static final int LETTERS_PER_CHANGE = 3;

  private Suggestion() {}

  /**
   * Returns the end of a message about an unknown name.
   *
   * @param name a name, or a path with dots, in any case and with any punctuation
   * @param form the format of the suggested name, for {@link String#formatted}
   * @param defaultEnding the end of the message when no known name is near
   */
  public static String of(
      String name, Collection<String> known, String form, String defaultEnding) {
    return nearest(name, known)
        .map(near -> "; did you mean " + form.formatted(near) + "?")
        .orElse(defaultEnding);
  }

  /** The name with the fewest changes; a key in another object costs one. */
  static Optional<String> nearest(String name, Collection<String> known) {
    return known.stream()
        .filter(candidate -> changes(name, candidate) < Integer.MAX_VALUE)
        .min(Comparator.comparingInt(candidate -> changes(name, candidate)));
  }

  private static int changes(String name, String candidate) {
    String part = letters(lastPart(name));
    // A name of one letter has no near one.
    int most = Math.min(part.length() - 1, Math.max(1, part.length() / LETTERS_PER_CHANGE));
    int whole = distance(letters(name), letters(candidate));
    int last = distance(part, letters(lastPart(candidate)));
    return Math.min(
        whole <= most ? whole : Integer.MAX_VALUE, last <= most ? 1 + last : Integer.MAX_VALUE);
  }

  private static String lastPart(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** The letters and digits, so that batchUsers, BATCH_USERS and batch-users are the same. */
  static String letters(String name) {
    return name.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT);
  }

  /** Optimal string alignment: Levenshtein's distance, with two swapped letters as one change. */
  private static int distance(String a, String b) {
    int[] before = new int[0];
    int[] above = new int[0];
    for (int i = 0; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        if (i == 0) {
          row[j] = j;
          continue;
        }
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        row[j] = Math.min(Math.min(above[j], row[j - 1]) + 1, above[j - 1] + (same ? 0 : 1));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      before = above;
      above = row;
    }
    return above[b.length()];
  }
}
