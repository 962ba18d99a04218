package dev.userservice.config;

import java.util.Collection;
import java.util.Comparator;

/** Which known name somebody may have meant. */
final class Nearest {

  private Nearest() {}

  /** The name that takes the fewest changed letters; a key counts as near wherever it stands. */
  static String of(String name, Collection<String> known) {
    return known.stream()
        .min(
            Comparator.comparingInt(
                candidate ->
                    Math.min(
                        distance(name, candidate),
                        1 + distance(lastPart(name), lastPart(candidate)))))
        .orElseThrow();
  }

  private static String lastPart(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** Levenshtein's, without regard to case. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        boolean same =
            Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        row[j] = Math.min(Math.min(above, row[j - 1]) + 1, diagonal + (same ? 0 : 1));
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
