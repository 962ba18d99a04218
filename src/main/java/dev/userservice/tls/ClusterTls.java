package dev.userservice.tls;

import dev.userservice.config.ClusterTlsConfig;
import io.netty.handler.ssl.util.KeyManagerFactoryWrapper;
import io.netty.handler.ssl.util.TrustManagerFactoryWrapper;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.SSLOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.io.IOException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Mutual TLS 1.2 and 1.3 between the servers of a cluster, for all of their connections. A
 * certificate of the cluster's own authorities makes a server a member. The name in it is not
 * checked, because servers find each other by addresses that change.
 *
 * <p>When the files change, new handshakes use the new ones; open connections stay. Unusable files
 * leave the previous ones in use.
 */
public final class ClusterTls implements Shareable {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterTls.class);

  private final ClusterTlsConfig config;
  private final BiConsumer<String, String> refused;
  private final X509ExtendedKeyManager keyManager =
      new MemberKeys(() -> this.current, () -> this.previous);
  private final X509ExtendedTrustManager trustManager =
      new MemberCheck(() -> this.current, this::report);

  /** The files' content before {@link #current} was first read, so that no change is missed. */
  private final List<Buffer> firstRead;

  private volatile MemberFiles current;

  /** The files before {@link #current}, for handshakes that still use them. */
  private volatile MemberFiles previous;

  /**
   * Reads the files. Blocks.
   *
   * @param refused called for each peer that is refused, or that refuses this server, with its
   *     address and the reason; on any thread
   * @throws UnusableFileException when a file is unusable, or the certificate is not a member's
   */
  public ClusterTls(ClusterTlsConfig config, BiConsumer<String, String> refused) {
    this.config = config;
    this.refused = refused;
    firstRead = FileWatch.contents(config.files());
    current = read(0);
    previous = current;
    LOG.info("TLS between servers: " + ServerTls.describe(current.certificate()));
  }

  /** The object that {@link #start} shared; empty without {@code cluster.tls}. */
  public static Optional<ClusterTls> of(Vertx vertx) {
    return Optional.ofNullable(shared(vertx).get(MemberFiles.SECTION));
  }

  private static LocalMap<String, ClusterTls> shared(Vertx vertx) {
    return vertx.sharedData().getLocalMap(ClusterTls.class.getName());
  }

  /** The key and certificate of the current files, for either side of a handshake. */
  public X509ExtendedKeyManager keyManager() {
    return keyManager;
  }

  /**
   * Checks peers by the authorities of the current files. Ignores names, even when the transport
   * requests their verification, and reports each refusal.
   */
  public X509ExtendedTrustManager trustManager() {
    return trustManager;
  }

  /**
   * Returns TLS with the current files over a connected socket, before its handshake. The caller
   * closes the socket.
   *
   * @param client true on the side that has connected
   */
  public SSLSocket over(Socket socket, boolean client) throws IOException {
    SSLSocket layer =
        (SSLSocket)
            current
                .context()
                .getSocketFactory()
                .createSocket(
                    socket, socket.getInetAddress().getHostAddress(), socket.getPort(), false);
    layer.setUseClientMode(client);
    SSLParameters parameters = layer.getSSLParameters();
    WatchedTls.order(parameters, layer.getSupportedCipherSuites());
    parameters.setProtocols(WatchedTls.PROTOCOLS.toArray(String[]::new));
    parameters.setNeedClientAuth(true);
    layer.setSSLParameters(parameters);
    return layer;
  }

  /** The timeout of a handshake, in milliseconds. */
  public int handshakeMillis() {
    return (int) WatchedTls.HANDSHAKE_MILLIS;
  }

  /**
   * Reports a failed handshake, unless {@link #trustManager} already has.
   *
   * @param peer its address
   */
  public void failed(String peer, Throwable failure) {
    if (!WatchedTls.has(failure, CertificateException.class)) {
      report(peer, failure);
    }
  }

  private void report(String peer, Throwable failure) {
    HandshakeWatch.report("cluster: " + peer, failure, MemberFiles.CA_FILE, refused);
  }

  /**
   * Adds TLS to the options of an event bus, which copies the certificates: {@link #start} makes it
   * follow the files.
   */
  public void configure(EventBusOptions bus) {
    MemberFiles files = current;
    bus.setSsl(true)
        .setClientAuth(ClientAuth.REQUIRED)
        .setTrustAll(false)
        .setKeyCertOptions(files.identity())
        .setTrustOptions(files.authorities())
        .setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS)
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setSslHandshakeTimeout(WatchedTls.HANDSHAKE_MILLIS);
    WatchedTls.CIPHERS.forEach(bus::addEnabledCipherSuite);
  }

  /** Follows the files until Vert.x is closed, and makes this object available to {@link #of}. */
  public void start(Vertx vertx) {
    shared(vertx).put(MemberFiles.SECTION, this);
    Optional<EventBusTls> bus =
        vertx.isClustered() ? Optional.of(new EventBusTls(vertx)) : Optional.empty();
    bus.ifPresent(
        eventBus -> {
          eventBus.setClient(
              following(new ClientSSLOptions().setHostnameVerificationAlgorithm("")));
          eventBus.watch(new HandshakeWatch(this::failed));
          eventBus.setServer(serverOptions());
        });
    new FileWatch(vertx, config.files(), () -> replace(vertx, bus)).start(firstRead);
  }

  private ServerSSLOptions serverOptions() {
    return following(new ServerSSLOptions().setClientAuth(ClientAuth.REQUIRED));
  }

  private <T extends SSLOptions> T following(T options) {
    options
        .setKeyCertOptions(KeyCertOptions.wrap(new KeyManagerFactoryWrapper(keyManager)))
        .setTrustOptions(TrustOptions.wrap(new TrustManagerFactoryWrapper(trustManager)))
        .setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS);
    WatchedTls.CIPHERS.forEach(options::addEnabledCipherSuite);
    return options;
  }

  private void replace(Vertx vertx, Optional<EventBusTls> bus) {
    vertx
        .executeBlocking(() -> read(current.number() + 1))
        .onSuccess(
            read -> {
              boolean isNew = !read.certificate().equals(current.certificate());
              previous = current;
              current = read;
              // A new context: resumed sessions would skip the check of the peer's certificate.
              bus.ifPresent(eventBus -> eventBus.setServer(serverOptions()));
              if (isNew) {
                LOG.info("TLS between servers: " + ServerTls.describe(read.certificate()));
              }
            })
        .onFailure(
            failure ->
                LOG.warn(
                    failure instanceof UnusableFileException
                        ? failure.getMessage() + "; the previous files stay in use"
                        : "the new files of \"cluster.tls\" cannot be used; the previous files stay in use"));
  }

  private MemberFiles read(long number) {
    return MemberFiles.read(config, number, keyManager, trustManager);
  }
}
