package dev.userservice.access;

/** A call that is refused for who makes it, in words that its caller may read. */
public final class AccessException extends RuntimeException {

  /** Why; each has its line in the table that turns failures into statuses. */
  public enum Reason {
    /** There is no token, and there has to be. */
    TOKEN_MISSING,
    /** There is a certificate, of somebody who is not known here. */
    CERTIFICATE_UNKNOWN,
    /** There is a certificate, with several names that its holder could be known by. */
    CERTIFICATE_AMBIGUOUS,
    /** It is no token, or lacks what every token must have. */
    TOKEN_MALFORMED,
    /** No key that is trusted has signed it in a way that is taken. */
    TOKEN_NOT_TRUSTED,
    /** Its header names a type that is not one of access tokens. */
    TOKEN_OF_ANOTHER_TYPE,
    /** Its time is over. */
    TOKEN_EXPIRED,
    /** Its time has not come. */
    TOKEN_NOT_YET_VALID,
    /** It is of another issuer. */
    TOKEN_OF_ANOTHER_ISSUER,
    /** It is for another service. */
    TOKEN_FOR_ANOTHER_AUDIENCE,
    /** The issuer's keys have never been there. */
    KEYS_UNAVAILABLE,
    /** The caller is known, and may not call this. */
    NOT_PERMITTED,
    /** The caller is known, but not which user it speaks as. */
    NO_USER_ID,
    /** The caller calls too often; {@link #retryMillis} says when it may again. */
    TOO_MANY_CALLS
  }

  private final transient Reason reason;
  private final long retryMillis;

  AccessException(Reason reason, String message) {
    this(reason, message, 0);
  }

  AccessException(Reason reason, String message, long retryMillis) {
    // No stack trace: this is an answer, and strangers should not cost more than callers.
    super(message, null, false, false);
    this.reason = reason;
    this.retryMillis = retryMillis;
  }

  /** What ends a call of somebody who is not known at all. */
  public static AccessException missing() {
    return new AccessException(
        Reason.TOKEN_MISSING, "metadata \"authorization: Bearer TOKEN\" is needed");
  }

  /** What ends a call whose token has not lasted as long as the call. */
  public static AccessException expired() {
    return new AccessException(Reason.TOKEN_EXPIRED, "the token has expired; get a new one");
  }

  /** What refuses somebody in the chat who is no user. */
  public static AccessException noUserId() {
    return new AccessException(
        Reason.NO_USER_ID, "the caller has no user id, as which it could speak");
  }

  public Reason reason() {
    return reason;
  }

  /** When the same call may succeed; 0 where that is not known. */
  public long retryMillis() {
    return retryMillis;
  }
}
