package dev.userservice.access;

/** A call refused because of its caller; the message is for the caller. */
public final class AccessException extends RuntimeException {

  /** The reasons, with the names that callers receive. */
  public enum Reason {
    /** The call needs a token and has none. */
    TOKEN_MISSING,
    /** The name in the certificate is not configured. */
    CERTIFICATE_UNKNOWN,
    /** The certificate has several names of one kind. */
    CERTIFICATE_AMBIGUOUS,
    /** The text is not a token, or lacks a required claim. */
    TOKEN_MALFORMED,
    /** The token is not signed by a trusted key with an accepted algorithm. */
    TOKEN_NOT_TRUSTED,
    /** The header names a type other than access tokens. */
    TOKEN_OF_ANOTHER_TYPE,
    /** The token has expired. */
    TOKEN_EXPIRED,
    /** The token is not valid yet. */
    TOKEN_NOT_YET_VALID,
    /** The token's issuer is not the configured one. */
    TOKEN_OF_ANOTHER_ISSUER,
    /** The token is for another service. */
    TOKEN_FOR_ANOTHER_AUDIENCE,
    /** The issuer's keys have not been fetched yet. */
    KEYS_UNAVAILABLE,
    /** The caller may not call this method. */
    NOT_PERMITTED,
    /** The caller has no user id to chat as. */
    NO_USER_ID,
    /** The rate limit is exceeded until {@link #retryMillis}. */
    TOO_MANY_CALLS
  }

  private final transient Reason reason;
  private final long retryMillis;

  AccessException(Reason reason, String message) {
    this(reason, message, 0);
  }

  AccessException(Reason reason, String message, long retryMillis) {
    // No stack trace: unauthenticated callers should not cost more than others.
    super(message, null, false, false);
    this.reason = reason;
    this.retryMillis = retryMillis;
  }

  /** The refusal of a call without credentials. */
  public static AccessException missing() {
    return new AccessException(
        Reason.TOKEN_MISSING, "metadata \"authorization: Bearer TOKEN\" is needed");
  }

  /** The end of a call whose token expires while it runs. */
  public static AccessException expired() {
    return new AccessException(Reason.TOKEN_EXPIRED, "the token has expired; get a new one");
  }

  static AccessException malformed(String why) {
    return new AccessException(Reason.TOKEN_MALFORMED, "the token " + why);
  }

  /** The refusal of a chat caller without a user id. */
  public static AccessException noUserId() {
    return new AccessException(Reason.NO_USER_ID, "the caller has no user id to chat as");
  }

  public Reason reason() {
    return reason;
  }

  /** The time after which a retry may succeed, in milliseconds; 0 when unknown. */
  public long retryMillis() {
    return retryMillis;
  }
}
