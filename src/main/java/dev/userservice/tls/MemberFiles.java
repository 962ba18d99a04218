package dev.userservice.tls;

import dev.userservice.config.ClusterTlsConfig;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * One version of the files of {@code cluster.tls}.
 *
 * @param number increases with each change of the files
 * @param context uses the managers of {@link ClusterTls}, which follow the files
 */
record MemberFiles(
    long number,
    X509Certificate certificate,
    KeyCertOptions identity,
    TrustOptions authorities,
    X509ExtendedKeyManager keys,
    X509ExtendedTrustManager trust,
    SSLContext context) {

  static final String SECTION = "cluster.tls";
  static final String CA_FILE = SECTION + ".caFile";

  /** Extended key usages of RFC 5280, 4.2.1.12: TLS servers and TLS clients. */
  private static final List<String> USAGES = List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  /** A name of a key exchange that every JDK accepts; TLS 1.3 has none. */
  private static final String ANY_KEY_EXCHANGE = "UNKNOWN";

  /**
   * Reads the files. Blocks.
   *
   * @throws UnusableFileException when a file is unusable, or the certificate is not a member's
   */
  static MemberFiles read(
      ClusterTlsConfig config,
      long number,
      X509ExtendedKeyManager keyManager,
      X509ExtendedTrustManager trustManager) {
    try {
      TlsFiles.Identity identity = TlsFiles.identity(null, config.identity(), SECTION);
      TrustOptions authorities = TlsFiles.authorities(config.caFile(), CA_FILE);
      X509ExtendedKeyManager keys = TlsFiles.keys(identity.options().getKeyManagerFactory(null));
      X509ExtendedTrustManager trust = TlsFiles.check(config.caFile(), CA_FILE);
      checkMember(config, keys, identity.certificate(), trust);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {keyManager}, new TrustManager[] {trustManager}, null);
      return new MemberFiles(
          number, identity.certificate(), identity.options(), authorities, keys, trust, context);
    } catch (UnusableFileException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("this JDK cannot use the files of \"cluster.tls\"", e);
    }
  }

  /** Fails at the start where the other servers would reject the certificate. */
  private static void checkMember(
      ClusterTlsConfig config,
      X509ExtendedKeyManager keys,
      X509Certificate certificate,
      X509ExtendedTrustManager trust)
      throws GeneralSecurityException {
    List<String> usages = certificate.getExtendedKeyUsage();
    if (usages != null && !usages.containsAll(USAGES)) {
      throw unusable(
          config,
          "has a certificate that is not valid for both servers and clients; it needs the extended key usages serverAuth and clientAuth, or none");
    }
    try {
      certificate.checkValidity();
    } catch (CertificateException e) {
      throw unusable(config, "has expired, or is not valid yet");
    }
    String kind = certificate.getPublicKey().getAlgorithm();
    X509Certificate[] chain = keys.getCertificateChain(keys.getServerAliases(kind, null)[0]);
    try {
      trust.checkServerTrusted(chain, ANY_KEY_EXCHANGE);
      trust.checkClientTrusted(chain, ANY_KEY_EXCHANGE);
    } catch (CertificateException e) {
      throw unusable(
          config, "has a certificate that is not signed by an authority in \"" + CA_FILE + "\"");
    }
  }

  private static UnusableFileException unusable(ClusterTlsConfig config, String why) {
    return config.identity().keyStoreFile().isEmpty()
        ? new UnusableFileException(
            config.identity().certificateFile(), why, SECTION + ".certificateFile")
        : new UnusableFileException(
            config.identity().keyStoreFile(), why, SECTION + ".keyStoreFile");
  }
}
