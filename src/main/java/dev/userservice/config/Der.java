package dev.userservice.config;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** Binary bytes of certificates and keys (DER, X.690), and the format they are in. */
final class Der {

  /** The tags with which DER begins: a sequence and, in PKCS #12, the version 3 in it. */
  private static final byte SEQUENCE = 0x30;

  private static final byte[] PKCS12_VERSION = {2, 1, 3};

  private Der() {}

  /** Returns true if the bytes begin as DER does. */
  static boolean isDer(byte[] bytes) {
    return bytes.length > 0 && bytes[0] == SEQUENCE;
  }

  static boolean isCertificate(byte[] bytes) {
    try {
      certificate(bytes);
      return true;
    } catch (CertificateException e) {
      return false;
    }
  }

  /** Returns true if the bytes are a set of certificates in PKCS #7. */
  static boolean hasCertificates(byte[] bytes) {
    try {
      return !CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(bytes))
          .isEmpty();
    } catch (CertificateException e) {
      return false;
    }
  }

  static boolean isPkcs12(byte[] bytes) {
    // A length of one byte, or its number of bytes after 0x80.
    int content = 2 + (bytes.length > 1 && bytes[1] < 0 ? bytes[1] & 0x7f : 0);
    for (int i = 0; i < PKCS12_VERSION.length; i++) {
      if (content + i >= bytes.length || bytes[content + i] != PKCS12_VERSION[i]) {
        return false;
      }
    }
    return true;
  }

  /** Decodes a certificate, and ignores the bytes after it. */
  static X509Certificate certificate(byte[] bytes) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(bytes));
  }
}
