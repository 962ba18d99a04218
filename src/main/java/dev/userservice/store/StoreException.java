package dev.userservice.store;

/** A failure of a {@link UserStore} that a caller can do something about. */
public final class StoreException extends RuntimeException {

  /** What went wrong. */
  public enum Reason {
    /** Nobody has the id. */
    NOT_FOUND,
    /** The e-mail address of the draft at {@link #index()} belongs to another user. */
    EMAIL_TAKEN
  }

  private final transient Reason reason;
  private final int index;

  private StoreException(Reason reason, int index) {
    // No stack trace: these are answers, and a refused create should cost no more than a good one.
    super(reason.name(), null, false, false);
    this.reason = reason;
    this.index = index;
  }

  static StoreException notFound() {
    return new StoreException(Reason.NOT_FOUND, 0);
  }

  static StoreException emailTaken(int index) {
    return new StoreException(Reason.EMAIL_TAKEN, index);
  }

  public Reason reason() {
    return reason;
  }

  /** The zero-based index of the draft that failed, 0 where there was only one. */
  public int index() {
    return index;
  }
}
