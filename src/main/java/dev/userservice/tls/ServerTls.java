package dev.userservice.tls;

import dev.userservice.config.KeyPairConfig;
import dev.userservice.config.TlsConfig;
import dev.userservice.tls.TlsFiles.Identity;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS 1.2 and 1.3 for a server, whose certificate is replaced when its files change. New
 * connections use the new one; open ones stay unless their callers' certificates are no longer
 * trusted. Unusable files leave the previous ones in use. Shared by all event loops.
 */
public final class ServerTls {

  private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);

  private final Vertx vertx;
  private final TlsConfig config;
  private final List<HttpServer> servers = new CopyOnWriteArrayList<>();
  private final FileWatch watch;
  private final OpenCertificates callers;

  /** The files in use; also read by the worker thread that reads new ones. */
  private volatile Files current;

  public ServerTls(Vertx vertx, TlsConfig config) {
    this.vertx = vertx;
    this.config = config;
    callers = new OpenCertificates(vertx);
    KeyPairConfig identity = config.identity();
    watch =
        new FileWatch(
            vertx,
            List.of(
                identity.certificateFile(),
                identity.keyFile(),
                identity.keyStoreFile(),
                identity.keyStorePasswordFile(),
                config.clientCaFile()),
            this::replace);
  }

  /** Reads the files; fails with an {@link UnusableFileException}. */
  public Future<Void> open() {
    return watch
        .start()
        .compose(known -> vertx.executeBlocking(this::read))
        .onSuccess(
            read -> {
              current = read;
              read.authorities.ifPresent(callers::start);
            })
        .mapEmpty();
  }

  public void close() {
    watch.stop();
    callers.stop();
  }

  /** The expiry of the server's certificate; to be called after {@link #open} has succeeded. */
  public Instant expiry() {
    return current.expiry;
  }

  /** Returns true when callers must have a certificate. */
  public boolean isMutual() {
    return config.isMutual();
  }

  /**
   * Watches the certificate of a caller while its connection is open; without effect when callers
   * need none. To be called on the event loop of the connection.
   *
   * @param refused called there, once, when the certificate has expired or is no longer trusted,
   *     with the failure of its calls
   */
  public void connected(HttpConnection connection, Consumer<CertificateRejectedException> refused) {
    if (isMutual()) {
      try {
        List<X509Certificate> chain =
            connection.peerCertificates().stream().map(X509Certificate.class::cast).toList();
        callers.add(connection, chain, refused);
      } catch (SSLPeerUnverifiedException e) {
        throw new IllegalStateException("the handshake had no certificate", e);
      }
    }
  }

  /** Forgets a closed connection. */
  public void disconnected(HttpConnection connection) {
    callers.remove(connection);
  }

  /**
   * Checks the caller of a connection before each call.
   *
   * @throws CertificateRejectedException when its certificate has expired or is no longer trusted
   */
  public void check(HttpConnection connection) {
    callers.check(connection);
  }

  /**
   * Adds TLS to a server's options; to be called before it listens.
   *
   * @param failed called for each failed handshake that has an explanation, with the address of the
   *     peer and the explanation
   */
  public void configure(HttpServerOptions server, BiConsumer<String, String> failed) {
    server
        .setSsl(true)
        .setUseAlpn(true)
        .setClientAuth(current.options.getClientAuth())
        .setKeyCertOptions(current.options.getKeyCertOptions())
        .setTrustOptions(current.options.getTrustOptions())
        .setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS)
        .setSslEngineOptions(
            new HandshakeWatch(
                (peer, failure) ->
                    HandshakeWatch.report(peer, failure, "tls.clientCaFile", failed)))
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setSslHandshakeTimeout(WatchedTls.HANDSHAKE_MILLIS);
    WatchedTls.CIPHERS.forEach(server::addEnabledCipherSuite);
  }

  /** Gives a listening server each new certificate. */
  public void addServer(HttpServer server) {
    servers.add(server);
  }

  /**
   * The content of the files.
   *
   * @param expiry the expiry of the certificate
   * @param authorities the authorities of callers; empty when callers need no certificate
   */
  private record Files(
      ServerSSLOptions options, Instant expiry, Optional<X509ExtendedTrustManager> authorities) {}

  private Files read() throws Exception {
    Identity identity = TlsFiles.identity(vertx, config.identity(), "tls");
    TrustOptions authorities =
        config.isMutual() ? TlsFiles.authorities(config.clientCaFile(), "tls.clientCaFile") : null;
    X509Certificate certificate = identity.certificate();
    try {
      certificate.checkValidity();
      LOG.info("TLS: " + describe(certificate));
    } catch (CertificateException e) {
      if (current != null) {
        throw new UnusableFileException(
            config.identity().toString(), "has expired, or is not valid yet", "tls");
      }
      LOG.warn("TLS: clients will reject the " + describe(certificate));
    }
    ServerSSLOptions read =
        new ServerSSLOptions()
            .setClientAuth(config.isMutual() ? ClientAuth.REQUIRED : ClientAuth.NONE)
            .setKeyCertOptions(identity.options())
            .setTrustOptions(authorities);
    read.setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS);
    WatchedTls.CIPHERS.forEach(read::addEnabledCipherSuite);
    return new Files(
        read,
        certificate.getNotAfter().toInstant(),
        authorities == null
            ? Optional.empty()
            : Optional.of(TlsFiles.check(authorities.getTrustManagerFactory(vertx))));
  }

  static String describe(X509Certificate certificate) {
    return "certificate of %s, valid from %s to %s"
        .formatted(
            certificate.getSubjectX500Principal(),
            certificate.getNotBefore().toInstant(),
            certificate.getNotAfter().toInstant());
  }

  private void replace() {
    vertx
        .executeBlocking(this::read)
        .compose(
            read -> {
              current = read;
              return Future.join(
                      servers.stream()
                          .map(server -> server.updateSSLOptions(read.options))
                          .toList())
                  .onSuccess(taken -> read.authorities.ifPresent(callers::replace));
            })
        .onFailure(
            failure ->
                LOG.warn(
                    failure instanceof UnusableFileException
                        ? failure.getMessage() + "; the previous certificate stays in use"
                        : "the new certificate cannot be used; the previous certificate stays in use"));
  }
}
