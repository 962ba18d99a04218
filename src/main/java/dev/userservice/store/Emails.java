package dev.userservice.store;

import java.util.Locale;

/** The one place that says when two e-mail addresses are the same. */
public final class Emails {

  private Emails() {}

  /**
   * The form in which addresses are compared: lower case. It is made here, in Java, and never by a
   * database, whose idea of lower case depends on its locale. The HTML standard's pattern admits
   * ASCII only, so no other folding is needed.
   */
  public static String canonical(String email) {
    return email.toLowerCase(Locale.ROOT);
  }
}
