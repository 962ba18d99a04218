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

/** TLS for a server: off the event loop, and with words for handshakes that fail. */
final class HandshakeWatch extends WatchedTls {

  /** The words of the JDK, where Netty has its {@link NotSslRecordException}. */
  private static final String PLAINTEXT = "Unsupported or unrecognized SSL message";

  private static final String CA_FILE = "tls.clientCaFile";

  private final BiConsumer<String, String> failed;

  HandshakeWatch(BiConsumer<String, String> failed) {
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
                String why = done.isSuccess() ? null : explain(done.cause(), CA_FILE);
                if (why != null) {
                  SSLEngine peer = handler.engine();
                  failed.accept(Address.join(peer.getPeerHost(), peer.getPeerPort()), why);
                }
              });
    }
  }

  /**
   * What is wrong with a peer; null for one that just goes, as port scanners and some health checks
   * do.
   *
   * @param caFile the key of the configuration that names the authorities of peers
   */
  static String explain(Throwable failure, String caFile) {
    if (has(failure, NotSslRecordException.class)
        || PLAINTEXT.equals(String.valueOf(failure.getMessage()))) {
      return "speaks plaintext, but this port is for TLS";
    }
    if (has(failure, CertificateExpiredException.class)) {
      return "has a certificate that has expired";
    }
    if (has(failure, CertPathValidatorException.class)
        || has(failure, CertificateException.class)) {
      return "has a certificate of none of the authorities in \"%s\"".formatted(caFile);
    }
    String said = failure instanceof SSLException ? String.valueOf(failure.getMessage()) : "";
    if (said.contains("Empty") && said.contains("certificate")) {
      return "shows no certificate of the authorities in \"%s\"".formatted(caFile);
    }
    String alert = alert(failure);
    if (alert != null) {
      return "does not accept our certificate, and says " + alert;
    }
    if (said.contains("protocol version")
        || said.contains("not supported")
        || said.contains("in common")) {
      return "has no version or cipher of TLS in common with us; we have TLS 1.2 and 1.3";
    }
    return null;
  }
}
