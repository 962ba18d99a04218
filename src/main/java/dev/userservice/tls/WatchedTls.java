package dev.userservice.tls;

import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.spi.tls.DefaultSslContextFactory;
import io.vertx.core.spi.tls.SslContextFactory;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/** The JDK's TLS 1.2 and 1.3 with our ciphers in our order; subclasses observe handshakes. */
abstract class WatchedTls extends JdkSSLEngineOptions {

  static final Set<String> PROTOCOLS = Set.of("TLSv1.3", "TLSv1.2");

  /** Only ciphers with forward secrecy and authenticated encryption, the best first. */
  static final List<String> CIPHERS =
      List.of(
          "TLS_AES_256_GCM_SHA384",
          "TLS_AES_128_GCM_SHA256",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  /** The timeout of a handshake. */
  static final long HANDSHAKE_MILLIS = 5_000;

  /** The JDK's message, in some versions with a prefix; the name is that of RFC 8446, 6. */
  private static final Pattern ALERT = Pattern.compile("Received fatal alert: ([a-z_]+)");

  /** Wraps a context to observe its connections. */
  abstract SslContext watched(SslContext context);

  /** The alert with which the peer ended the connection; null for any other failure. */
  static String alert(Throwable failure) {
    Matcher matcher = ALERT.matcher(String.valueOf(failure.getMessage()));
    return failure instanceof SSLException && matcher.find() ? matcher.group(1) : null;
  }

  static boolean has(Throwable failure, Class<? extends Throwable> kind) {
    return has(failure, kind::isInstance);
  }

  static boolean has(Throwable failure, Predicate<Throwable> which) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (which.test(cause)) {
        return true;
      }
    }
    return false;
  }

  /** Allows our ciphers, in our order, as far as the JDK supports them. */
  static void order(SSLParameters parameters, String[] supported) {
    Set<String> known = Set.of(supported);
    parameters.setCipherSuites(CIPHERS.stream().filter(known::contains).toArray(String[]::new));
    parameters.setUseCipherSuitesOrder(true);
  }

  @Override
  public final SslContextFactory sslContextFactory() {
    return new DefaultSslContextFactory(SslProvider.JDK, false) {
      @Override
      public SslContext create() throws SSLException {
        return watched(super.create());
      }
    };
  }

  /** A context with our order of ciphers, which Vert.x does not keep. */
  abstract static class Ordered extends DelegatingSslContext {

    Ordered(SslContext context) {
      super(context);
    }

    @Override
    protected final void initEngine(SSLEngine engine) {
      SSLParameters parameters = engine.getSSLParameters();
      order(parameters, engine.getSupportedCipherSuites());
      engine.setSSLParameters(parameters);
    }
  }
}
