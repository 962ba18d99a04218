package dev.userservice.store;

import io.vertx.core.Future;

/**
 * A failure of a {@link UserStore}. Its message is for operators, in a log or on the terminal. It
 * never contains a user's data or a password, and is never sent to a caller.
 */
public final class StoreException extends RuntimeException {

  /** The cause; with every reason but {@link #OUTCOME_UNKNOWN}, nothing was changed. */
  public enum Reason {
    /** No user has the id. */
    NOT_FOUND,
    /** The e-mail address of the draft at {@link #index()} belongs to another user. */
    EMAIL_TAKEN,
    /** The store cannot be reached; it may be back at any time. */
    UNAVAILABLE,
    /** The store was lost during a write, which may or may not have been applied. */
    OUTCOME_UNKNOWN,
    /** The queue of the store is full; a retry a little later may succeed. */
    OVERLOADED,
    /** The storage has no room left; only an operator can help. */
    FULL,
    /** The store did not answer in time. */
    TIMED_OUT,
    /** Other writes conflicted with this one three times. */
    CONFLICT,
    /** The caller stopped waiting for the outcome before the write started. */
    ABANDONED,
    /** The storage or its configuration cannot be used; a retry does not help. */
    UNUSABLE
  }

  private final transient Reason reason;
  private final int index;

  StoreException(Reason reason, String message) {
    this(reason, message, 0);
  }

  private StoreException(Reason reason, String message, int index) {
    // No stack trace: a refused create must not cost more than a successful one.
    super(message, null, false, false);
    this.reason = reason;
    this.index = index;
  }

  /** The answer of all methods before a store is open. */
  static <T> Future<T> notOpen() {
    return Future.failedFuture(new StoreException(Reason.UNAVAILABLE, "the store is not open"));
  }

  static StoreException notFound() {
    return new StoreException(Reason.NOT_FOUND, "no user has the id");
  }

  static StoreException emailTaken(int index) {
    return new StoreException(Reason.EMAIL_TAKEN, "e-mail address taken, index " + index, index);
  }

  /**
   * @param message names the unusable thing, then says what to do; {@code %n} ends a line, and any
   *     other text may be part of a name
   */
  static StoreException unusable(String message) {
    return new StoreException(Reason.UNUSABLE, message.replace("%n", System.lineSeparator()));
  }

  static StoreException abandoned() {
    return new StoreException(Reason.ABANDONED, "the caller no longer waits for the write");
  }

  public Reason reason() {
    return reason;
  }

  /** The zero-based index of the draft that failed; 0 for a single draft. */
  public int index() {
    return index;
  }
}
