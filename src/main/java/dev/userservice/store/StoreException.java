package dev.userservice.store;

/**
 * A failure of a {@link UserStore}. Its message is for operators, who find it in a log or on the
 * terminal: it never has a user's data or a password in it, and never goes to a caller.
 */
public final class StoreException extends RuntimeException {

  /** What went wrong; with every reason but {@link #OUTCOME_UNKNOWN}, nothing was changed. */
  public enum Reason {
    /** Nobody has the id. */
    NOT_FOUND,
    /** The e-mail address of the draft at {@link #index()} belongs to another user. */
    EMAIL_TAKEN,
    /** The store cannot be reached; it may be back at any time. */
    UNAVAILABLE,
    /** The store went away in the middle of a write, which may have been done or not. */
    OUTCOME_UNKNOWN,
    /** More calls wait for the store than may; a little later there may be room. */
    OVERLOADED,
    /** There is no room left where the users are kept; only an operator can help. */
    FULL,
    /** The store did not answer in time. */
    TIMED_OUT,
    /** Other writes were in the way three times. */
    CONFLICT,
    /** Nobody waits for the outcome any more, and so the write was not begun. */
    ABANDONED,
    /** What is there cannot be used, as it is or as it is configured; trying again is no use. */
    UNUSABLE
  }

  private final transient Reason reason;
  private final int index;

  StoreException(Reason reason, String message) {
    this(reason, message, 0);
  }

  private StoreException(Reason reason, String message, int index) {
    // No stack trace: these are answers, and a refused create should cost no more than a good one.
    super(message, null, false, false);
    this.reason = reason;
    this.index = index;
  }

  static StoreException notFound() {
    return new StoreException(Reason.NOT_FOUND, "nobody has the id");
  }

  static StoreException emailTaken(int index) {
    return new StoreException(Reason.EMAIL_TAKEN, "e-mail address taken, index " + index, index);
  }

  /**
   * @param message names what cannot be used, and says what to do; {@code %n} ends a line, and all
   *     else may be part of a name
   */
  static StoreException unusable(String message) {
    return new StoreException(Reason.UNUSABLE, message.replace("%n", System.lineSeparator()));
  }

  static StoreException abandoned() {
    return new StoreException(Reason.ABANDONED, "the caller has gone");
  }

  public Reason reason() {
    return reason;
  }

  /** The zero-based index of the draft that failed, 0 where there was only one. */
  public int index() {
    return index;
  }
}
