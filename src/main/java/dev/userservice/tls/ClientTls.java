package dev.userservice.tls;

import dev.userservice.config.ClientTlsConfig;
import dev.userservice.tls.AlertWatch.Alert;
import dev.userservice.tls.TlsFiles.Identity;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.util.TrustManagerFactoryWrapper;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.TrustOptions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS 1.2 and 1.3 for a client. It accepts only a certificate that a trusted authority has signed
 * for the requested name, and explains handshakes that fail.
 */
public final class ClientTls {

  private static final String OURS = "which supports TLS 1.2 and 1.3 with forward secrecy";

  private final Vertx vertx;
  private final ClientTlsConfig config;
  private final AlertWatch alerts = new AlertWatch();
  private X509Certificate own;

  public ClientTls(Vertx vertx, ClientTlsConfig config) {
    this.vertx = vertx;
    this.config = config;
  }

  /** Returns true when the client uses TLS. */
  public boolean isOn() {
    return config.enabled();
  }

  /**
   * Adds TLS to a client's options if it is configured.
   *
   * @return the same options; fails with an {@link UnusableFileException}
   */
  public Future<HttpClientOptions> configure(HttpClientOptions client) {
    return isOn()
        ? vertx.executeBlocking(this::read).map(files -> with(files, client))
        : Future.succeededFuture(client);
  }

  private record Files(TrustOptions authorities, Identity identity) {}

  private Files read() throws Exception {
    Identity identity =
        config.identity().isGiven() ? TlsFiles.identity(vertx, config.identity(), "tls") : null;
    return new Files(
        TrustOptions.wrap(
            new TrustManagerFactoryWrapper(new ServerCheck(authorities(), config.caFile()))),
        identity);
  }

  private X509ExtendedTrustManager authorities() throws Exception {
    String file = config.caFile();
    TrustManagerFactory factory =
        file.isEmpty()
            ? jdkAuthorities()
            : TlsFiles.authorities(file, "tls.caFile").getTrustManagerFactory(vertx);
    return TlsFiles.check(factory);
  }

  private static TrustManagerFactory jdkAuthorities() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    return factory;
  }

  private HttpClientOptions with(Files files, HttpClientOptions client) {
    if (files.identity != null) {
      own = files.identity.certificate();
      client.setKeyCertOptions(files.identity.options());
    }
    WatchedTls.CIPHERS.forEach(client::addEnabledCipherSuite);
    client
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setSslHandshakeTimeout(WatchedTls.HANDSHAKE_MILLIS);
    return client
        .setSsl(true)
        .setUseAlpn(true)
        .setAlpnVersions(List.of(HttpVersion.HTTP_2))
        .setVerifyHost(true)
        .setTrustOptions(files.authorities)
        .setEnabledSecureTransportProtocols(WatchedTls.PROTOCOLS)
        .setSslEngineOptions(alerts);
  }

  /**
   * Explains a failed handshake that a retry would not help.
   *
   * @param failure the reason that connecting failed
   * @param address the IP address of the server
   * @return a phrase to follow the server's address; null when the failure is of another kind
   */
  public String explain(Throwable failure, String address, int port) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RefusedServerException refused) {
        return refused.getMessage();
      }
      if (cause instanceof NotSslRecordException) {
        return "speaks plaintext, but this client uses TLS; for plaintext, leave out \"tls\"";
      }
      if (cause instanceof SSLException ssl && isVersionMismatch(ssl)) {
        return "has no version or cipher of TLS in common with this client, " + OURS;
      }
    }
    Alert alert = alerts.alert(failure, address, port);
    return alert == null ? null : explain(alert);
  }

  /**
   * Returns the likely reason that a server closed the connection after the handshake without an
   * alert, as servers built on gRPC's C core do.
   */
  public String likelyReason() {
    return own == null
        ? "perhaps it requires a client certificate: set \"tls.certificateFile\""
        : "perhaps it does not accept the certificate in " + config.identity();
  }

  /** Recognizes the JDK's message for an answer in a version that was not offered. */
  private static boolean isVersionMismatch(SSLException failure) {
    return String.valueOf(failure.getMessage()).contains("The server selected protocol version");
  }

  private String explain(Alert alert) {
    return switch (alert.name()) {
      case "protocol_version", "insufficient_security" -> noCommonParameters(alert);
      case "handshake_failure" ->
          alert.afterCertificate() ? certificateRejected(alert) : noCommonParameters(alert);
      case "bad_certificate",
          "certificate_required",
          "certificate_unknown",
          "certificate_expired",
          "certificate_revoked",
          "unsupported_certificate",
          "unknown_ca",
          "access_denied" ->
          certificateRejected(alert);
      case "no_application_protocol" ->
          "does not answer as a gRPC server: it uses TLS, but not HTTP/2";
      case "unrecognized_name" ->
          "has no certificate for the requested name; correct \"addresses\" or \"tls.serverName\"";
      default -> "ends TLS with the alert " + alert.name();
    };
  }

  private static String noCommonParameters(Alert alert) {
    return "has no version or cipher of TLS in common with this client, %s (%s)"
        .formatted(OURS, alert.name());
  }

  private String certificateRejected(Alert alert) {
    if (own == null) {
      return "requires a client certificate, but this client has none; set \"tls.certificateFile\" and \"tls.keyFile\", or \"tls.keyStoreFile\"";
    }
    boolean expired = own.getNotAfter().getTime() < System.currentTimeMillis();
    return "does not accept the certificate of %s, in %s (%s); %s"
        .formatted(
            own.getSubjectX500Principal(),
            config.identity(),
            alert.name(),
            expired
                ? "it expired on " + own.getNotAfter().toInstant()
                : "it has to be valid for clients and signed by an authority that the server trusts");
  }
}
