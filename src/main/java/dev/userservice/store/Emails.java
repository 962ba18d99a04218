package dev.userservice.store;

import java.util.Locale;

/** The comparison of e-mail addresses. */
public final class Emails {

  private Emails() {}

  /**
   * Returns the form in which addresses are compared: lower case. Never computed by a database,
   * because its lower case depends on its locale. The HTML standard's pattern admits ASCII only, so
   * no other folding is needed.
   */
  public static String canonical(String email) {
    return email.toLowerCase(Locale.ROOT);
  }
}
