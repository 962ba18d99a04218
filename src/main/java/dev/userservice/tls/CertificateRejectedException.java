package dev.userservice.tls;

/** The failure of a call whose caller's certificate is no longer valid. */
public final class CertificateRejectedException extends RuntimeException {

  /** The reasons, with the names that callers receive. */
  public enum Reason {
    /** It has expired since the handshake. */
    CERTIFICATE_EXPIRED,
    /** It is not signed by a currently trusted authority. */
    CERTIFICATE_NOT_TRUSTED
  }

  private final transient Reason reason;

  private CertificateRejectedException(Reason reason, String message) {
    // No stack trace: this is an answer to a caller.
    super(message, null, false, false);
    this.reason = reason;
  }

  static CertificateRejectedException expired() {
    return new CertificateRejectedException(
        Reason.CERTIFICATE_EXPIRED, "the caller's certificate has expired; connect with a new one");
  }

  static CertificateRejectedException notTrusted() {
    return new CertificateRejectedException(
        Reason.CERTIFICATE_NOT_TRUSTED,
        "the caller's certificate is no longer trusted here; connect with one that is");
  }

  public Reason reason() {
    return reason;
  }
}
