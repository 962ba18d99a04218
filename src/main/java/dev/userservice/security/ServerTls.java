package dev.userservice.security;

import dev.userservice.config.KeyPairConfig;
import dev.userservice.config.TlsConfig;
import dev.userservice.security.TlsFiles.Identity;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * TLS 1.2 and 1.3 for a server, with a certificate that is replaced while it runs when its files
 * change: new connections get the new one, open ones stay. A new one that cannot be used leaves the
 * old one in its place. Shared by all event loops.
 */
public final class ServerTls {

  private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);

  private final Vertx vertx;
  private final TlsConfig config;
  private final List<HttpServer> servers = new CopyOnWriteArrayList<>();
  private final FileWatch watch;

  /** Those that are in force: read by the thread that looks for new ones. */
  private volatile ServerSSLOptions options;

  public ServerTls(Vertx vertx, TlsConfig config) {
    this.vertx = vertx;
    this.config = config;
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
        .onSuccess(read -> options = read)
        .mapEmpty();
  }

  public void close() {
    watch.stop();
  }

  /**
   * Makes a server speak TLS; to be called before it listens.
   *
   * @param failed told of each handshake that fails for a reason which somebody can do something
   *     about: the address of the peer, and what is wrong
   */
  public void configure(HttpServerOptions server, BiConsumer<String, String> failed) {
    server
        .setSsl(true)
        .setUseAlpn(true)
        .setClientAuth(options.getClientAuth())
        .setKeyCertOptions(options.getKeyCertOptions())
        .setTrustOptions(options.getTrustOptions())
        .setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS)
        .setSslEngineOptions(new HandshakeWatch(failed))
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setSslHandshakeTimeout(WatchedTls.HANDSHAKE_MILLIS);
    WatchedTls.CIPHERS.forEach(server::addEnabledCipherSuite);
  }

  /** A server that gets new certificates, from when it listens. */
  public void serves(HttpServer server) {
    servers.add(server);
  }

  private ServerSSLOptions read() {
    Identity identity = TlsFiles.identity(vertx, config.identity());
    TrustOptions authorities =
        config.isMutual() ? TlsFiles.authorities(config.clientCaFile(), "tls.clientCaFile") : null;
    X509Certificate certificate = identity.certificate();
    try {
      certificate.checkValidity();
      LOG.info("TLS: " + shown(certificate));
    } catch (CertificateException e) {
      if (options != null) {
        throw new UnusableFileException(
            config.identity().toString(), "has expired, or is not valid yet", "tls");
      }
      LOG.warn("TLS: clients will refuse " + shown(certificate));
    }
    ServerSSLOptions read =
        new ServerSSLOptions()
            .setClientAuth(config.isMutual() ? ClientAuth.REQUIRED : ClientAuth.NONE)
            .setKeyCertOptions(identity.options())
            .setTrustOptions(authorities);
    read.setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS);
    WatchedTls.CIPHERS.forEach(read::addEnabledCipherSuite);
    return read;
  }

  private static String shown(X509Certificate certificate) {
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
              options = read;
              return Future.join(
                  servers.stream().map(server -> server.updateSSLOptions(read)).toList());
            })
        .onFailure(
            failure ->
                LOG.warn(
                    failure instanceof UnusableFileException
                        ? failure.getMessage() + "; the certificate before it stays"
                        : "the new certificate cannot be taken, the one before it stays"));
  }
}
