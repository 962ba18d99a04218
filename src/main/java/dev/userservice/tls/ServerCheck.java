package dev.userservice.tls;

import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** The JDK's check of a server's certificate, with an explanation of each rejection. */
final class ServerCheck extends X509ExtendedTrustManager {

  private static final int MAX_NAMES = 8;

  /** RFC 5280, 4.2.1.6: the kinds of name that identify a server. */
  private static final int DNS = 2;

  private static final int IP = 7;

  private final X509ExtendedTrustManager jdk;
  private final String caFile;

  /**
   * @param jdk the check that decides
   * @param caFile the file of its authorities; empty for the JDK's
   */
  ServerCheck(X509ExtendedTrustManager jdk, String caFile) {
    this.jdk = jdk;
    this.caFile = caFile;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    try {
      jdk.checkServerTrusted(chain, kind, engine);
    } catch (CertificateException refused) {
      throw new RefusedServerException(
          explain(chain, kind, engine.getPeerHost(), refused), refused);
    }
  }

  private String explain(
      X509Certificate[] chain, String kind, String host, CertificateException refused) {
    if (WatchedTls.has(refused, CertificateExpiredException.class)) {
      return "has a certificate that expired on %s; renew it, or correct this machine's clock"
          .formatted(first(chain, ServerCheck::isExpired).getNotAfter().toInstant());
    }
    if (WatchedTls.has(refused, CertificateNotYetValidException.class)) {
      return "has a certificate that is not valid before %s; wait, or correct this machine's clock"
          .formatted(first(chain, one -> !isExpired(one)).getNotBefore().toInstant());
    }
    if (WatchedTls.has(refused, CertPathBuilderException.class)) {
      return "has a certificate that no authority %s has signed (it is of \"%s\", signed by \"%s\"); name the right authority's file in \"tls.caFile\""
          .formatted(
              caFile.isEmpty() ? "of the JDK" : "in " + caFile,
              chain[0].getSubjectX500Principal(),
              chain[chain.length - 1].getIssuerX500Principal());
    }
    return refused.getCause() == null && isCorrectlySigned(chain, kind)
        ? "has a certificate for %s, not for \"%s\"; use one of its names in \"addresses\" or \"tls.serverName\""
            .formatted(names(chain[0]), host)
        : "has a certificate that is not acceptable: " + refused.getMessage();
  }

  /** Repeats the check without the name: when it succeeds, only the name is wrong. */
  private boolean isCorrectlySigned(X509Certificate[] chain, String kind) {
    try {
      jdk.checkServerTrusted(chain, kind);
      return true;
    } catch (CertificateException e) {
      return false;
    }
  }

  /** The first currently invalid certificate that matches; by default the server's own. */
  private static X509Certificate first(
      X509Certificate[] chain, Predicate<X509Certificate> invalid) {
    for (X509Certificate certificate : chain) {
      try {
        certificate.checkValidity();
      } catch (CertificateException e) {
        if (invalid.test(certificate)) {
          return certificate;
        }
      }
    }
    return chain[0];
  }

  private static boolean isExpired(X509Certificate certificate) {
    return certificate.getNotAfter().getTime() < System.currentTimeMillis();
  }

  /** The names that are checked; by RFC 6125, 6.4.4, the common name only without any other. */
  private static String names(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      for (List<?> name : all == null ? List.<List<?>>of() : all) {
        if (name.get(0).equals(DNS) || name.get(0).equals(IP)) {
          names.add("\"" + name.get(1) + "\"");
        }
      }
    } catch (CertificateParsingException e) {
      return "unreadable names";
    }
    if (names.isEmpty()) {
      return "\"" + certificate.getSubjectX500Principal() + "\"";
    }
    int more = names.size() - MAX_NAMES;
    return String.join(", ", names.subList(0, Math.min(names.size(), MAX_NAMES)))
        + (more > 0 ? " and " + more + " others" : "");
  }

  // The methods below are unused here, and answer as the JDK does.

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    jdk.checkServerTrusted(chain, kind, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    jdk.checkServerTrusted(chain, kind);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    jdk.checkClientTrusted(chain, kind, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    jdk.checkClientTrusted(chain, kind, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    jdk.checkClientTrusted(chain, kind);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return jdk.getAcceptedIssuers();
  }
}
