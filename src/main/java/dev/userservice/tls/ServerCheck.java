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

/**
 * The JDK's check of a server's certificate, with words for one that is refused. The JDK decides,
 * we only explain.
 */
final class ServerCheck extends X509ExtendedTrustManager {

  private static final int MOST_NAMES = 8;

  /** RFC 5280, 4.2.1.6: the kinds of name that stand for a server. */
  private static final int DNS = 2;

  private static final int IP = 7;

  private final X509ExtendedTrustManager jdk;
  private final String caFile;

  /**
   * @param jdk who decides
   * @param caFile where its authorities come from; empty for those of the JDK
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
      return "shows a certificate that expired on %s; its operator has to renew it, unless the clock here is wrong"
          .formatted(first(chain, ServerCheck::isOver).getNotAfter().toInstant());
    }
    if (WatchedTls.has(refused, CertificateNotYetValidException.class)) {
      return "shows a certificate that is not valid before %s, unless the clock here is wrong"
          .formatted(first(chain, one -> !isOver(one)).getNotBefore().toInstant());
    }
    if (WatchedTls.has(refused, CertPathBuilderException.class)) {
      return "shows a certificate that no authority %s has signed (it is of \"%s\", signed by \"%s\"); name the file of the right one in \"tls.caFile\""
          .formatted(
              caFile.isEmpty() ? "of the JDK" : "in " + caFile,
              chain[0].getSubjectX500Principal(),
              chain[chain.length - 1].getIssuerX500Principal());
    }
    return refused.getCause() == null && isSignedRight(chain, kind)
        ? "shows a certificate for %s, but not for \"%s\"; take one of its names in \"addresses\", or the right one in \"tls.serverName\""
            .formatted(names(chain[0]), host)
        : "shows a certificate that cannot be taken: " + refused.getMessage();
  }

  /** Then it was the name that is wrong: of the same checks, this leaves out only that one. */
  private boolean isSignedRight(X509Certificate[] chain, String kind) {
    try {
      jdk.checkServerTrusted(chain, kind);
      return true;
    } catch (CertificateException e) {
      return false;
    }
  }

  /** The first certificate that is not valid now in some way; else that of the server itself. */
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

  private static boolean isOver(X509Certificate certificate) {
    return certificate.getNotAfter().getTime() < System.currentTimeMillis();
  }

  /** The names that count; RFC 6125, 6.4.4: the common name does only when there is no other. */
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
      return "nobody whose name can be read";
    }
    if (names.isEmpty()) {
      return "\"" + certificate.getSubjectX500Principal() + "\"";
    }
    int more = names.size() - MOST_NAMES;
    return String.join(", ", names.subList(0, Math.min(names.size(), MOST_NAMES)))
        + (more > 0 ? " and " + more + " others" : "");
  }

  // All else is asked for by nobody here, and answered as the JDK does.

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
