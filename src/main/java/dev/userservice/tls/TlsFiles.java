package dev.userservice.tls;

import dev.userservice.config.BoundedFile;
import dev.userservice.config.KeyPairConfig;
import dev.userservice.config.PemFile;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509KeyManager;

/** Reads certificates and keys from files, and checks that they can be used. Blocks. */
public final class TlsFiles {

  private static final int MIN_RSA_BITS = 2_048;

  /** The signature algorithm of each kind of key. */
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

  /** A certificate with its key, as options of Vert.x. */
  record Identity(X509Certificate certificate, KeyCertOptions options) {}

  private TlsFiles() {}

  /**
   * Reads a certificate with its key.
   *
   * @param section the configuration object that names the files, for messages
   * @throws UnusableFileException when a file is unreadable or of another kind, or the key does not
   *     match the certificate
   */
  static Identity identity(Vertx vertx, KeyPairConfig config, String section) {
    return config.keyStoreFile().isEmpty()
        ? pem(vertx, config, section)
        : pkcs12(vertx, config, section);
  }

  /**
   * Reads the authorities of a PEM file.
   *
   * @throws UnusableFileException when it cannot be read or has no certificate
   */
  public static TrustOptions authorities(String file, String key) {
    return new PemTrustOptions()
        .addCertValue(PemFile.write(SmallFile.pem(file, key, PemFile::authorities)));
  }

  /** The key manager of an identity. */
  static X509ExtendedKeyManager keys(KeyManagerFactory identity) {
    for (KeyManager manager : identity.getKeyManagers()) {
      if (manager instanceof X509ExtendedKeyManager found) {
        return found;
      }
    }
    throw new IllegalStateException("this JDK cannot use keys");
  }

  /** The JDK's check of certificates by authorities. */
  static X509ExtendedTrustManager check(TrustManagerFactory authorities) {
    for (TrustManager manager : authorities.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager found) {
        return found;
      }
    }
    throw new IllegalStateException("this JDK cannot check certificates");
  }

  /** The same for the authorities of a PEM file, without Vert.x. */
  static X509ExtendedTrustManager check(String file, String key) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      for (X509Certificate authority : SmallFile.pem(file, key, PemFile::authorities)) {
        store.setCertificateEntry(Integer.toString(store.size()), authority);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return check(factory);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("this JDK cannot check certificates", e);
    }
  }

  private static Identity pem(Vertx vertx, KeyPairConfig config, String section) {
    String certificateKey = section + ".certificateFile";
    String keyKey = section + ".keyFile";
    List<X509Certificate> certificates =
        SmallFile.pem(config.certificateFile(), certificateKey, PemFile::certificates);
    PrivateKey key = SmallFile.secretPem(config.keyFile(), keyKey, PemFile::privateKey);
    X509Certificate own = own(certificates, key, config, section);
    List<X509Certificate> chain =
        chain(own, certificates, config.certificateFile(), certificateKey);
    try {
      return checked(
          vertx,
          new PemKeyCertOptions()
              .addCertValue(PemFile.write(chain))
              .addKeyValue(PemFile.write(key)),
          config.keyFile(),
          keyKey);
    } catch (UnusableFileException e) {
      throw e;
    } catch (Exception e) {
      throw new UnusableFileException(config.keyFile(), "cannot be used", keyKey);
    }
  }

  /** The certificate of the key, at any position; with several, it has to be the first. */
  private static X509Certificate own(
      List<X509Certificate> certificates, PrivateKey key, KeyPairConfig config, String section) {
    X509Certificate first = certificates.get(0);
    List<X509Certificate> own =
        certificates.stream().filter(one -> matches(one, key)).distinct().toList();
    if (own.isEmpty()) {
      String kind = first.getPublicKey().getAlgorithm();
      throw new UnusableFileException(
          config.keyFile(),
          kind.equals(key.getAlgorithm())
              ? "has a key that does not match the certificate in " + config.certificateFile()
              : "has a key for %s, but the certificate in %s is for %s"
                  .formatted(key.getAlgorithm(), config.certificateFile(), kind),
          section + ".keyFile");
    }
    if (own.size() > 1 && !own.contains(first)) {
      throw new UnusableFileException(
          config.certificateFile(),
          "has %d certificates for the key; leave one, or put it first".formatted(own.size()),
          section + ".certificateFile");
    }
    return own.contains(first) ? first : own.get(0);
  }

  /** The chain of a certificate in the order of RFC 8446, 4.4.2, from certificates in any order. */
  private static List<X509Certificate> chain(
      X509Certificate own, List<X509Certificate> all, String file, String key) {
    List<X509Certificate> chain = new ArrayList<>(List.of(own));
    Set<X509Certificate> others = new LinkedHashSet<>(all);
    others.remove(own);
    Optional<X509Certificate> above = issuer(own, others);
    while (above.isPresent()) {
      chain.add(above.get());
      others.remove(above.get());
      above = issuer(above.get(), others);
    }
    for (X509Certificate other : others) {
      // A second certificate of an authority in the chain is skipped: only one can be sent.
      if (chain.stream().noneMatch(one -> one.getPublicKey().equals(other.getPublicKey()))) {
        throw new UnusableFileException(
            file,
            "has a certificate of %s, which does not belong to the chain of %s; remove it, or replace it by one of %s"
                .formatted(
                    other.getSubjectX500Principal(),
                    own.getSubjectX500Principal(),
                    chain.get(chain.size() - 1).getIssuerX500Principal()),
            key);
      }
    }
    return chain;
  }

  private static Optional<X509Certificate> issuer(
      X509Certificate certificate, Set<X509Certificate> others) {
    return others.stream()
        .filter(
            other ->
                other.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
                    && isSigned(certificate, other))
        .findFirst();
  }

  private static boolean isSigned(X509Certificate certificate, X509Certificate by) {
    try {
      certificate.verify(by.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static Identity pkcs12(Vertx vertx, KeyPairConfig config, String section) {
    String storeKey = section + ".keyStoreFile";
    String file = config.keyStoreFile();
    Buffer bytes = SmallFile.secret(file, storeKey);
    String password =
        config.keyStorePasswordFile().isEmpty()
            ? config.keyStorePassword()
            : SmallFile.line(config.keyStorePasswordFile(), section + ".keyStorePasswordFile");
    try {
      return checked(vertx, new PfxOptions().setValue(bytes).setPassword(password), file, storeKey);
    } catch (UnusableFileException e) {
      throw e;
    } catch (Exception e) {
      throw WatchedTls.has(e, UnrecoverableKeyException.class)
          ? new UnusableFileException(file, "needs another password", section + ".keyStorePassword")
          : new UnusableFileException(
              file,
              isPem(file, bytes)
                  ? "is PEM, not PKCS12; name it in \"%1$s.certificateFile\" and \"%1$s.keyFile\" instead"
                      .formatted(section)
                  : "is not a PKCS12 file",
              storeKey);
    }
  }

  private static boolean isPem(String file, Buffer bytes) {
    try {
      return PemFile.of(file, bytes.getBytes()).isPem();
    } catch (BoundedFile.UnfitException e) {
      return true;
    }
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
          check(certificate, keys.getPrivateKey(names[0]), file, key);
          return new Identity(certificate, options);
        }
      }
    }
    throw new UnusableFileException(file, "has no private key with a certificate", key);
  }

  private static void check(
      X509Certificate certificate, PrivateKey secret, String file, String key) {
    if (certificate.getPublicKey() instanceof RSAKey rsa
        && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
      throw new UnusableFileException(
          file, "has an RSA key of less than " + MIN_RSA_BITS + " bits", key);
    }
    if (!matches(certificate, secret)) {
      throw new UnusableFileException(file, "has a key that does not match the certificate", key);
    }
  }

  /** Without this check, a mismatch would only show in handshakes, and only to clients. */
  private static boolean matches(X509Certificate certificate, PrivateKey secret) {
    String algorithm = SIGNATURES.get(certificate.getPublicKey().getAlgorithm());
    if (algorithm == null) {
      return false;
    }
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(secret);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
