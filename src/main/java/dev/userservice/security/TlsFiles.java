package dev.userservice.security;

import dev.userservice.config.KeyPairConfig;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.core.net.TrustOptions;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509KeyManager;

/**
 * Certificates and keys out of files, checked: whoever gets them from here can use them. Blocks.
 */
final class TlsFiles {

  private static final int LEAST_RSA_BITS = 2_048;

  /** By the kind of a key, how it signs. */
  private static final Map<String, String> SIGNATURES =
      Map.of(
          "RSA",
          "SHA256withRSA",
          "RSASSA-PSS",
          "RSASSA-PSS",
          "EC",
          "SHA256withECDSA",
          "EdDSA",
          "EdDSA");

  /** A certificate with its key, and what Vert.x makes of both. */
  record Identity(X509Certificate certificate, KeyCertOptions options) {}

  private TlsFiles() {}

  /**
   * @throws UnusableFileException when a file cannot be read, is not what it should be, or the key
   *     is not that of the certificate
   */
  static Identity identity(Vertx vertx, KeyPairConfig config) {
    return config.keyStoreFile().isEmpty() ? pem(vertx, config) : pkcs12(vertx, config);
  }

  /**
   * The authorities of a PEM file.
   *
   * @throws UnusableFileException when it cannot be read or has no certificate
   */
  static TrustOptions authorities(String file, String key) {
    Buffer bytes = SmallFile.read(file, key);
    checkCertificates(bytes, file, key);
    return new PemTrustOptions().addCertValue(bytes);
  }

  /** The check that the JDK makes with authorities. */
  static X509ExtendedTrustManager check(TrustManagerFactory authorities) {
    for (TrustManager manager : authorities.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager found) {
        return found;
      }
    }
    throw new IllegalStateException("this JDK cannot check certificates");
  }

  private static Identity pem(Vertx vertx, KeyPairConfig config) {
    Buffer certificate = SmallFile.read(config.certificateFile(), "tls.certificateFile");
    checkCertificates(certificate, config.certificateFile(), "tls.certificateFile");
    Buffer key = SmallFile.secret(config.keyFile(), "tls.keyFile");
    if (key.toString(StandardCharsets.ISO_8859_1).contains("ENCRYPTED")) {
      throw new UnusableFileException(
          config.keyFile(),
          "is encrypted; take a PKCS12 file, which has a password",
          "tls.keyFile");
    }
    try {
      return checked(
          vertx,
          new PemKeyCertOptions().addCertValue(certificate).addKeyValue(key),
          config.keyFile(),
          "tls.keyFile");
    } catch (UnusableFileException e) {
      throw e;
    } catch (Exception e) {
      throw new UnusableFileException(
          config.keyFile(), "has no PEM private key of RSA or an elliptic curve", "tls.keyFile");
    }
  }

  private static Identity pkcs12(Vertx vertx, KeyPairConfig config) {
    String file = config.keyStoreFile();
    Buffer bytes = SmallFile.secret(file, "tls.keyStoreFile");
    String password =
        config.keyStorePasswordFile().isEmpty()
            ? config.keyStorePassword()
            : SmallFile.line(config.keyStorePasswordFile(), "tls.keyStorePasswordFile");
    try {
      return checked(
          vertx, new PfxOptions().setValue(bytes).setPassword(password), file, "tls.keyStoreFile");
    } catch (UnusableFileException e) {
      throw e;
    } catch (Exception e) {
      throw WatchedTls.has(e, UnrecoverableKeyException.class)
          ? new UnusableFileException(file, "has another password", "tls.keyStorePassword")
          : new UnusableFileException(file, "is no PKCS12 file", "tls.keyStoreFile");
    }
  }

  private static void checkCertificates(Buffer bytes, String file, String key) {
    try {
      if (!CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(bytes.getBytes()))
          .isEmpty()) {
        return;
      }
    } catch (CertificateException e) {
      // As one that has none.
    }
    throw new UnusableFileException(file, "has no PEM certificate", key);
  }

  private static Identity checked(Vertx vertx, KeyCertOptions options, String file, String key)
      throws Exception {
    for (KeyManager manager : options.getKeyManagerFactory(vertx).getKeyManagers()) {
      for (String kind : SIGNATURES.keySet()) {
        String[] names =
            manager instanceof X509KeyManager keys ? keys.getServerAliases(kind, null) : null;
        if (names != null) {
          X509KeyManager keys = (X509KeyManager) manager;
          X509Certificate certificate = keys.getCertificateChain(names[0])[0];
          check(certificate, keys.getPrivateKey(names[0]), kind, file, key);
          return new Identity(certificate, options);
        }
      }
    }
    throw new UnusableFileException(file, "has no private key with a certificate", key);
  }

  private static void check(
      X509Certificate certificate, PrivateKey secret, String kind, String file, String key) {
    if (certificate.getPublicKey() instanceof RSAKey rsa
        && rsa.getModulus().bitLength() < LEAST_RSA_BITS) {
      throw new UnusableFileException(
          file, "has an RSA key of less than " + LEAST_RSA_BITS + " bits", key);
    }
    if (!belong(certificate, secret, kind)) {
      throw new UnusableFileException(file, "has another key than that of the certificate", key);
    }
  }

  /** The JDK would find that out only in the first handshake, and tell the client alone. */
  private static boolean belong(X509Certificate certificate, PrivateKey secret, String kind) {
    try {
      Signature signature = Signature.getInstance(SIGNATURES.get(kind));
      signature.initSign(secret);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
