package dev.userservice.tls;

import java.security.cert.CertificateException;

/**
 * The certificate of a server is refused: what is wrong with it, to follow the server's address.
 */
final class RefusedServerException extends CertificateException {

  /**
   * @param refused the reason that the JDK has, out of which it makes the alert for the server
   */
  RefusedServerException(String why, CertificateException refused) {
    super(why, refused.getCause());
  }
}
