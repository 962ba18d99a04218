package dev.userservice.user;

/**
 * Valid e-mail addresses as the HTML standard defines them (WHATWG HTML, section 4.10.5.1.5).
 * Written out, because the standard's regular expression would be the largest cost of a create.
 */
public final class EmailAddress {

  private static final int LABEL_CHARS = 63;

  private static final String MARKS = ".!#$%&'*+/=?^_`{|}~-";

  private EmailAddress() {}

  /** Returns true for an address that a user may have, but for its length. */
  public static boolean isValid(String text) {
    int at = text.indexOf('@');
    if (at < 1) {
      return false;
    }
    for (int i = 0; i < at; i++) {
      char c = text.charAt(i);
      if (!isLetterOrDigit(c) && MARKS.indexOf(c) < 0) {
        return false;
      }
    }
    int start = at + 1;
    for (int dot; (dot = text.indexOf('.', start)) >= 0; start = dot + 1) {
      if (!isLabel(text, start, dot)) {
        return false;
      }
    }
    return isLabel(text, start, text.length());
  }

  /** Returns true for letters, digits and hyphens that do not start or end with a hyphen. */
  private static boolean isLabel(String text, int start, int end) {
    if (end == start || end - start > LABEL_CHARS) {
      return false;
    }
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (!isLetterOrDigit(c) && (c != '-' || i == start || i == end - 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetterOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }
}
