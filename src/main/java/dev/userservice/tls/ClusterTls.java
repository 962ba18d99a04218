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
 * Mutual TLS 1.2 and 1.3 between the servers of a cluster, for every way on which they talk. A
 * certificate of the cluster's own authorities makes a server a member: the name in it is not
 * checked, because servers find each other by addresses that change.
 *
 * <p>When the files change, new handshakes use what they say now; open connections stay. Files that
 * cannot be used leave the last good ones in force.
 */
public final class ClusterTls implements Shareable {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterTls.class);

  private final ClusterTlsConfig config;
  private final BiConsumer<String, String> refused;
  private final X509ExtendedKeyManager keyManager =
      new MemberKeys(() -> this.inForce, () -> this.replaced);
  private final X509ExtendedTrustManager trustManager =
      new MemberTrustManager(() -> this.inForce, this::report);

  /** From before {@link #inForce} was first read, so that no change is missed. */
  private final List<Buffer> firstRead;

  private volatile MemberFiles inForce;

  /** Those before {@link #inForce}, for handshakes that are still using them. */
  private volatile MemberFiles replaced;

  /**
   * Reads the files. Blocks.
   *
   * @param refused told of each peer that is refused, or that refuses this server: its address, and
   *     what is wrong; from any thread
   * @throws UnusableFileException when a file cannot be used, or the certificate is not one of a
   *     member
   */
  public ClusterTls(ClusterTlsConfig config, BiConsumer<String, String> refused) {
    this.config = config;
    this.refused = refused;
    firstRead = FileWatch.contents(config.files());
    inForce = read(0);
    replaced = inForce;
    LOG.info("TLS between servers: " + ServerTls.shown(inForce.certificate()));
  }

  /** The object that was shared by {@link #start}; empty without {@code cluster.tls}. */
  public static Optional<ClusterTls> of(Vertx vertx) {
    return Optional.ofNullable(shared(vertx).get(MemberFiles.SECTION));
  }

  private static LocalMap<String, ClusterTls> shared(Vertx vertx) {
    return vertx.sharedData().getLocalMap(ClusterTls.class.getName());
  }

  /** The key and certificate for either side of a handshake: always those of the current files. */
  public X509ExtendedKeyManager keyManager() {
    return keyManager;
  }

  /**
   * The check of the other side, by the authorities of the current files. It ignores names, also
   * where the transport asks for their verification, and reports each refusal.
   */
  public X509ExtendedTrustManager trustManager() {
    return trustManager;
  }

  /**
   * TLS of the current files over a connected socket, before its handshake. It leaves closing that
   * socket to the caller.
   *
   * @param client whether this side has connected
   */
  public SSLSocket over(Socket socket, boolean client) throws IOException {
    SSLSocket layer =
        (SSLSocket)
            inForce
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

  /** How long a handshake may take, in milliseconds. */
  public int handshakeMillis() {
    return (int) WatchedTls.HANDSHAKE_MILLIS;
  }

  /**
   * Reports a failed handshake, unless {@link #trustManager} already has.
   *
   * @param peer its address
   */
  public void failed(String peer, Exception failure) {
    if (!WatchedTls.has(failure, CertificateException.class)) {
      report(peer, failure);
    }
  }

  private void report(String peer, Exception failure) {
    String why = HandshakeWatch.explain(failure, MemberFiles.CA_FILE);
    if (why != null) {
      refused.accept("cluster: " + peer, why);
    }
  }

  /**
   * Makes an event bus speak TLS. It copies what it is given here: {@link #start} makes it follow
   * the files.
   */
  public void configure(EventBusOptions bus) {
    MemberFiles files = inForce;
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

  /** Follows the files from now on, until Vert.x is closed, and can be found by {@link #of}. */
  public void start(Vertx vertx) {
    shared(vertx).put(MemberFiles.SECTION, this);
    Optional<EventBusTls> bus =
        vertx.isClustered() ? Optional.of(new EventBusTls(vertx)) : Optional.empty();
    bus.ifPresent(
        there -> {
          there.setClient(following(new ClientSSLOptions().setHostnameVerificationAlgorithm("")));
          there.setServer(serverOptions());
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
        .executeBlocking(() -> read(inForce.number() + 1))
        .onSuccess(
            read -> {
              boolean isNew = !read.certificate().equals(inForce.certificate());
              replaced = inForce;
              inForce = read;
              // A new context, so that no session of before spares a peer its certificate.
              bus.ifPresent(there -> there.setServer(serverOptions()));
              if (isNew) {
                LOG.info("TLS between servers: " + ServerTls.shown(read.certificate()));
              }
            })
        .onFailure(
            failure ->
                LOG.warn(
                    failure instanceof UnusableFileException
                        ? failure.getMessage() + "; the files before it stay in force"
                        : "the new files of \"cluster.tls\" cannot be used, those before stay"));
  }

  private MemberFiles read(long number) {
    return MemberFiles.read(config, number, keyManager, trustManager);
  }
}
