package dev.userservice.tls;

import dev.userservice.config.Address;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/** TLS for a server: runs off the event loop, and reports handshakes that fail. */
final class HandshakeWatch extends WatchedTls {

  /** The JDK's message where Netty throws a {@link #NO_TLS}. */
  private static final String PLAINTEXT = "Unsupported or unrecognized SSL message";

  /** By name, since the engine of the log has a copy of Netty. */
  private static final String NO_TLS = NotSslRecordException.class.getSimpleName();

  /** Receives the address of a peer, and its failure. */
  private final BiConsumer<String, Throwable> failed;

  HandshakeWatch(BiConsumer<String, Throwable> failed) {
    this.failed = failed;
    // Signing takes a millisecond or more; a storm of new connections must not hold up calls.
    setUseWorkerThread(true);
  }

  @Override
  public HandshakeWatch copy() {
    return new HandshakeWatch(failed);
  }

  @Override
  SslContext watched(SslContext context) {
    return new Watched(context);
  }

  private final class Watched extends Ordered {

    Watched(SslContext context) {
      super(context);
    }

    @Override
    protected void initHandler(SslHandler handler) {
      super.initHandler(handler);
      handler
          .handshakeFuture()
          .addListener(
              done -> {
                if (!done.isSuccess()) {
                  SSLEngine peer = handler.engine();
                  failed.accept(Address.join(peer.getPeerHost(), peer.getPeerPort()), done.cause());
                }
              });
    }
  }

  /**
   * Reports a failed handshake, if it has an explanation.
   *
   * @param caFile the configuration key that names the authorities of peers
   * @param to receives the peer, and the explanation
   */
  static void report(String peer, Throwable failure, String caFile, BiConsumer<String, String> to) {
    String why = explain(failure, caFile);
    if (why != null) {
      to.accept(peer, why);
    }
  }

  private static boolean isPlaintext(Throwable failure) {
    return has(failure, cause -> cause.getClass().getSimpleName().equals(NO_TLS))
        || PLAINTEXT.equals(String.valueOf(failure.getMessage()));
  }

  /**
   * Explains a failed handshake.
   *
   * @param caFile the configuration key that names the authorities of peers
   * @return a phrase to follow the peer's address; null when the peer only disconnected, as port
   *     scanners and some health checks do
   */
  static String explain(Throwable failure, String caFile) {
    if (isPlaintext(failure)) {
      return "speaks plaintext, but this port is for TLS";
    }
    if (has(failure, CertificateExpiredException.class)) {
      return "has a certificate that has expired";
    }
    if (has(failure, CertPathValidatorException.class)
        || has(failure, CertificateException.class)) {
      return "has a certificate that is not signed by an authority in \"%s\"".formatted(caFile);
    }
    String message = failure instanceof SSLException ? String.valueOf(failure.getMessage()) : "";
    if (message.contains("Empty") && message.contains("certificate")) {
      return "sent no certificate of the authorities in \"%s\"".formatted(caFile);
    }
    String alert = alert(failure);
    if (alert != null) {
      return "rejected this server's certificate: alert " + alert;
    }
    if (message.contains("protocol version")
        || message.contains("not supported")
        || message.contains("in common")) {
      return "shares no TLS version or cipher with this server, which supports TLS 1.2 and 1.3";
    }
    return null;
  }
}
