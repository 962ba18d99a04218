package dev.userservice.tls;

import dev.userservice.config.Address;
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
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
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

  private static final String SECTION = "cluster.tls";
  private static final String CA_FILE = SECTION + ".caFile";

  /** Extended key usages of RFC 5280, 4.2.1.12: TLS servers and TLS clients. */
  private static final List<String> USAGES = List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  /** A name for the key exchange that every JDK takes, because TLS 1.3 has none. */
  private static final String ANY_KEY_EXCHANGE = "UNKNOWN";

  /** What the files said at one time. */
  private record Files(
      long number,
      X509Certificate certificate,
      KeyCertOptions identity,
      TrustOptions authorities,
      X509ExtendedKeyManager keys,
      X509ExtendedTrustManager trust,
      SSLContext context) {}

  private final ClusterTlsConfig config;
  private final BiConsumer<String, String> refused;
  private final X509ExtendedKeyManager keyManager = new Keys();
  private final X509ExtendedTrustManager trustManager = new Trust();

  /** From before {@link #inForce} was first read, so that no change is missed. */
  private final List<Buffer> firstRead;

  private volatile Files inForce;

  /** Those before {@link #inForce}, for handshakes that are still using them. */
  private volatile Files replaced;

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
    inForce = read();
    replaced = inForce;
    LOG.info("TLS between servers: " + ServerTls.shown(inForce.certificate));
  }

  /** The object that was shared by {@link #start}; empty without {@code cluster.tls}. */
  public static Optional<ClusterTls> of(Vertx vertx) {
    return Optional.ofNullable(shared(vertx).get(SECTION));
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
                .context
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
    String why = HandshakeWatch.explain(failure, CA_FILE);
    if (why != null) {
      refused.accept("cluster: " + peer, why);
    }
  }

  /**
   * Makes an event bus speak TLS. It copies what it is given here: {@link #start} makes it follow
   * the files.
   */
  public void configure(EventBusOptions bus) {
    Files files = inForce;
    bus.setSsl(true)
        .setClientAuth(ClientAuth.REQUIRED)
        .setTrustAll(false)
        .setKeyCertOptions(files.identity)
        .setTrustOptions(files.authorities)
        .setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS)
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setSslHandshakeTimeout(WatchedTls.HANDSHAKE_MILLIS);
    WatchedTls.CIPHERS.forEach(bus::addEnabledCipherSuite);
  }

  /** Follows the files from now on, until Vert.x is closed, and can be found by {@link #of}. */
  public void start(Vertx vertx) {
    shared(vertx).put(SECTION, this);
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
        .executeBlocking(this::read)
        .onSuccess(
            read -> {
              boolean isNew = !read.certificate.equals(inForce.certificate);
              replaced = inForce;
              inForce = read;
              // A new context, so that no session of before spares a peer its certificate.
              bus.ifPresent(there -> there.setServer(serverOptions()));
              if (isNew) {
                LOG.info("TLS between servers: " + ServerTls.shown(read.certificate));
              }
            })
        .onFailure(
            failure ->
                LOG.warn(
                    failure instanceof UnusableFileException
                        ? failure.getMessage() + "; the files before it stay in force"
                        : "the new files of \"cluster.tls\" cannot be used, those before stay"));
  }

  private Files read() {
    try {
      TlsFiles.Identity identity = TlsFiles.identity(null, config.identity(), SECTION);
      TrustOptions authorities = TlsFiles.authorities(config.caFile(), CA_FILE);
      X509ExtendedKeyManager keys = TlsFiles.keys(identity.options().getKeyManagerFactory(null));
      X509ExtendedTrustManager trust = TlsFiles.check(config.caFile(), CA_FILE);
      checkMember(keys, identity.certificate(), trust);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {keyManager}, new TrustManager[] {trustManager}, null);
      long number = inForce == null ? 0 : inForce.number + 1;
      return new Files(
          number, identity.certificate(), identity.options(), authorities, keys, trust, context);
    } catch (UnusableFileException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("this JDK cannot use the files of \"cluster.tls\"", e);
    }
  }

  /** Other servers would find that out, and this one would stay alone. */
  private void checkMember(
      X509ExtendedKeyManager keys, X509Certificate certificate, X509ExtendedTrustManager trust)
      throws GeneralSecurityException {
    List<String> usages = certificate.getExtendedKeyUsage();
    if (usages != null && !usages.containsAll(USAGES)) {
      throw unusable(
          "has a certificate that is not for both ends of a connection; it needs the extended key usages serverAuth and clientAuth, or none");
    }
    try {
      certificate.checkValidity();
    } catch (CertificateException e) {
      throw unusable("has expired, or is not valid yet");
    }
    String kind = certificate.getPublicKey().getAlgorithm();
    X509Certificate[] chain = keys.getCertificateChain(keys.getServerAliases(kind, null)[0]);
    try {
      trust.checkServerTrusted(chain, ANY_KEY_EXCHANGE);
      trust.checkClientTrusted(chain, ANY_KEY_EXCHANGE);
    } catch (CertificateException e) {
      throw unusable("has a certificate of none of the authorities in \"" + CA_FILE + "\"");
    }
  }

  private UnusableFileException unusable(String why) {
    return config.identity().keyStoreFile().isEmpty()
        ? new UnusableFileException(
            config.identity().certificateFile(), why, SECTION + ".certificateFile")
        : new UnusableFileException(
            config.identity().keyStoreFile(), why, SECTION + ".keyStoreFile");
  }

  /** Marks aliases with the number of the files, so that a handshake never mixes two of them. */
  private final class Keys extends X509ExtendedKeyManager {

    private static String mark(Files files, String alias) {
      return alias == null ? null : files.number + "." + alias;
    }

    private static String[] mark(Files files, String[] aliases) {
      if (aliases == null) {
        return null;
      }
      String[] marked = new String[aliases.length];
      for (int i = 0; i < aliases.length; i++) {
        marked[i] = mark(files, aliases[i]);
      }
      return marked;
    }

    private X509ExtendedKeyManager of(String marked) {
      Files current = inForce;
      return marked.startsWith(current.number + ".") ? current.keys : replaced.keys;
    }

    private static String alias(String marked) {
      return marked.substring(marked.indexOf('.') + 1);
    }

    @Override
    public String[] getClientAliases(String kind, Principal[] issuers) {
      Files files = inForce;
      return mark(files, files.keys.getClientAliases(kind, issuers));
    }

    @Override
    public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
      Files files = inForce;
      return mark(files, files.keys.chooseClientAlias(kinds, issuers, socket));
    }

    @Override
    public String chooseEngineClientAlias(String[] kinds, Principal[] issuers, SSLEngine engine) {
      Files files = inForce;
      return mark(files, files.keys.chooseEngineClientAlias(kinds, issuers, engine));
    }

    @Override
    public String[] getServerAliases(String kind, Principal[] issuers) {
      Files files = inForce;
      return mark(files, files.keys.getServerAliases(kind, issuers));
    }

    @Override
    public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) {
      Files files = inForce;
      return mark(files, files.keys.chooseServerAlias(kind, issuers, socket));
    }

    @Override
    public String chooseEngineServerAlias(String kind, Principal[] issuers, SSLEngine engine) {
      Files files = inForce;
      return mark(files, files.keys.chooseEngineServerAlias(kind, issuers, engine));
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return of(alias).getCertificateChain(alias(alias));
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return of(alias).getPrivateKey(alias(alias));
    }
  }

  /** Without a socket or an engine, the check of the JDK has no name to compare. */
  private final class Trust extends X509ExtendedTrustManager {

    private void client(X509Certificate[] chain, String kind, String peer)
        throws CertificateException {
      try {
        inForce.trust.checkClientTrusted(chain, kind);
      } catch (CertificateException e) {
        report(peer, e);
        throw e;
      }
    }

    private void server(X509Certificate[] chain, String kind, String peer)
        throws CertificateException {
      try {
        inForce.trust.checkServerTrusted(chain, kind);
      } catch (CertificateException e) {
        report(peer, e);
        throw e;
      }
    }

    private static String peer(Socket socket) {
      return socket == null || socket.getInetAddress() == null
          ? "a peer"
          : Address.join(socket.getInetAddress().getHostAddress(), socket.getPort());
    }

    private static String peer(SSLEngine engine) {
      return engine == null || engine.getPeerHost() == null
          ? "a peer"
          : Address.join(engine.getPeerHost(), engine.getPeerPort());
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind)
        throws CertificateException {
      client(chain, kind, "a peer");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
        throws CertificateException {
      client(chain, kind, peer(socket));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
        throws CertificateException {
      client(chain, kind, peer(engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind)
        throws CertificateException {
      server(chain, kind, "a peer");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
        throws CertificateException {
      server(chain, kind, peer(socket));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
        throws CertificateException {
      server(chain, kind, peer(engine));
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return inForce.trust.getAcceptedIssuers();
    }
  }
}
