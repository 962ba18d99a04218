package dev.userservice.tls;

import java.security.cert.CertificateException;

/** The rejection of a server's certificate; the message follows the server's address. */
final class RefusedServerException extends CertificateException {

  /**
   * @param refused the JDK's exception, whose cause selects the alert for the server
   */
  RefusedServerException(String why, CertificateException refused) {
    super(why, refused.getCause());
  }
}
