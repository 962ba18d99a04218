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
 * TLS 1.2 and 1.3 for a client: it takes only a server whose certificate an authority of its own
 * has signed, for the name that was asked for; and it has words for whatever comes in between.
 */
public final class ClientTls {

  private static final String OURS = "which has TLS 1.2 and 1.3 with ciphers of forward secrecy";

  private final Vertx vertx;
  private final ClientTlsConfig config;
  private final AlertWatch alerts = new AlertWatch();
  private X509Certificate own;

  public ClientTls(Vertx vertx, ClientTlsConfig config) {
    this.vertx = vertx;
    this.config = config;
  }

  /** Whether the client speaks TLS. */
  public boolean isOn() {
    return config.enabled();
  }

  /**
   * Makes a client speak TLS, if it is meant to.
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
            ? ofTheJdk()
            : TlsFiles.authorities(file, "tls.caFile").getTrustManagerFactory(vertx);
    return TlsFiles.check(factory);
  }

  private static TrustManagerFactory ofTheJdk() throws GeneralSecurityException {
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
   * What keeps this client and a server apart, and will the next time too.
   *
   * @param failure what connecting has failed with
   * @param address the IP address of the server
   * @return words to follow the address of the server; null when it may be something else
   */
  public String explain(Throwable failure, String address, int port) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RefusedServerException refused) {
        return refused.getMessage();
      }
      if (cause instanceof NotSslRecordException) {
        return "speaks plaintext, but this client TLS; if that is right, leave out \"tls\"";
      }
      if (cause instanceof SSLException said && isOfTheVersion(said)) {
        return "has no version or cipher of TLS in common with this client, " + OURS;
      }
    }
    Alert alert = alerts.alert(failure, address, port);
    return alert == null ? null : explain(alert);
  }

  /**
   * What it may be, when a server takes part in the handshake and then hangs up without an alert:
   * those that are made with gRPC's C core do.
   */
  public String suspicion() {
    return own == null
        ? "perhaps it wants a client certificate: \"tls.certificateFile\""
        : "perhaps it does not accept the certificate in " + config.identity();
  }

  /** The words of the JDK for an answer in a version that was not offered. */
  private static boolean isOfTheVersion(SSLException failure) {
    return String.valueOf(failure.getMessage()).contains("The server selected protocol version");
  }

  private String explain(Alert alert) {
    return switch (alert.name()) {
      case "protocol_version", "insufficient_security" -> nothingInCommon(alert);
      case "handshake_failure" -> alert.late() ? ofOurCertificate(alert) : nothingInCommon(alert);
      case "bad_certificate",
          "certificate_required",
          "certificate_unknown",
          "certificate_expired",
          "certificate_revoked",
          "unsupported_certificate",
          "unknown_ca",
          "access_denied" ->
          ofOurCertificate(alert);
      case "no_application_protocol" ->
          "does not answer as a gRPC server: this is TLS, but no HTTP/2";
      case "unrecognized_name" ->
          "has no certificate for the name that it is asked for; correct \"addresses\" or \"tls.serverName\"";
      default -> "ends TLS with the alert " + alert.name();
    };
  }

  private static String nothingInCommon(Alert alert) {
    return "has no version or cipher of TLS in common with this client, %s (%s)"
        .formatted(OURS, alert.name());
  }

  private String ofOurCertificate(Alert alert) {
    if (own == null) {
      return "wants a client certificate, but this client has none; set \"tls.certificateFile\" and \"tls.keyFile\", or \"tls.keyStoreFile\"";
    }
    boolean over = own.getNotAfter().getTime() < System.currentTimeMillis();
    return "does not accept the certificate of %s, in %s (%s); %s"
        .formatted(
            own.getSubjectX500Principal(),
            config.identity(),
            alert.name(),
            over
                ? "it expired on " + own.getNotAfter().toInstant()
                : "it has to be for clients, and signed by an authority that the server trusts");
  }
}
