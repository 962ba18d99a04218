package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.ClientVerticle;
import dev.userservice.config.ClientConfig;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.Demo;
import dev.userservice.kit.Waits;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserServiceGrpcClient;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The certificate that the client shows when a server asks, and files that it cannot use. */
class ClientCertificateTest extends SecureCalls {

  @Test
  void clientCertificate_ofPemOrPkcs12_isAccepted() throws Exception {
    int port = start(mutual());
    Path store = client.pkcs12("a password");
    Path password = Files.writeString(folder.resolve("password"), "a password\n");

    assertThat(failure(trusting().mergeIn(client.pem()), port)).isNull();
    String both =
        file("both", client.bundle().getPrivateKeyPEM() + client.bundle().getCertificatePEM());
    JsonObject oneFile = new JsonObject().put("certificateFile", both).put("keyFile", both);
    assertThat(failure(trusting().mergeIn(oneFile), port)).isNull();
    JsonObject pkcs12 = trusting().put("keyStoreFile", store.toString());
    assertThat(failure(pkcs12.copy().put("keyStorePassword", "a password"), port)).isNull();
    assertThat(failure(pkcs12.copy().put("keyStorePasswordFile", password.toString()), port))
        .isNull();
  }

  @Test
  void clientCertificate_thatIsMissing() {
    int port = start(mutual());

    assertThat(failure(trusting(), port))
        .isEqualTo(
            "scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:%d requires a client certificate, but this client has none; set \"tls.certificateFile\" and \"tls.keyFile\", or \"tls.keyStoreFile\""
                .formatted(port));
  }

  @Test
  void clientCertificate_ofAnotherAuthority_orExpired() throws Exception {
    int port = start(mutual());
    Certificate stranger = Certificate.authority(folder, "strangers").forClient("stranger");
    Instant now = Instant.now();
    Certificate old = authority.issue("late", valid(Certificate.builder("late"), now, -9, -2));

    assertThat(failure(trusting().mergeIn(stranger.pem()), port))
        .contains(
            "127.0.0.1:%d does not accept the certificate of CN=stranger, in %s and %s ("
                .formatted(port, stranger.certificate(), stranger.key()))
        .endsWith(
            "; it has to be valid for clients and signed by an authority that the server trusts");
    assertThat(failure(trusting().mergeIn(old.pem()), port))
        .contains("does not accept the certificate of CN=late")
        .endsWith("; it expired on " + date(now, -2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void clientCertificate_inEachVersionOfTls(String version) throws Exception {
    int port =
        http(
            foreign(server)
                .setEnabledSecureTransportProtocols(Set.of(version))
                .setClientAuth(ClientAuth.REQUIRED)
                .setTrustOptions(
                    new PemTrustOptions().addCertPath(authority.certificate().toString())),
            request -> request.response().setStatusCode(404).end());
    Certificate stranger = Certificate.authority(folder, "others" + version).forClient("stranger");

    assertThat(failure(trusting(), port)).contains("requires a client certificate");
    assertThat(failure(trusting().mergeIn(stranger.pem()), port))
        .contains("does not accept the certificate of CN=stranger");
    assertThat(failure(trusting().mergeIn(client.pem()), port)).contains("HTTP 404");
  }

  /** The server closes without an alert, as one of gRPC's C core does. */
  @Test
  void clientCertificate_rejectedWithoutAnAlert_isTheLikelyReason() throws Exception {
    NetServerOptions options = new NetServerOptions().setSsl(true).setUseAlpn(true);
    options.setKeyCertOptions(keys(server));
    options.getSslOptions().setApplicationLayerProtocols(List.of("h2"));
    int port = tcp(options, NetSocket::close);

    assertThat(failure(trusting(), port))
        .contains(
            "no connection to 127.0.0.1:"
                + port
                + ": it closed the connection after the TLS handshake")
        .endsWith("perhaps it requires a client certificate: set \"tls.certificateFile\"");
    assertThat(failure(trusting().mergeIn(client.pem()), port))
        .endsWith(
            "perhaps it does not accept the certificate in %s and %s"
                .formatted(client.certificate(), client.key()));
  }

  @Test
  void lastAlertOfAServer_isNotReported_onceItIsUnreachable() {
    int port = start(mutual());
    Context loop = vertx.getOrCreateContext();
    ClientConfig config = ClientConfig.from(Demo.config(port).put("tls", trusting()));
    Channel channel = new Channel(vertx, config);
    on(loop, () -> channel.findServer(Demo.noStatus()));

    assertThat(failure(loop, channel)).contains("requires a client certificate");
    servers.remove(0).close();
    assertThat(failure(loop, channel)).contains("no connection to 127.0.0.1:" + port, "refused");
  }

  @Test
  void unusableFiles_endTheStart_beforeTheSearchForAServer() throws Exception {
    JsonObject base = Demo.config(1, "get").put("waitMillis", 60_000);
    String absent = folder.resolve("absent").toString();
    String text = file("text", "no certificate");

    assertUnusable(base.copy().put("tokenFile", absent), absent + " does not exist: \"tokenFile\"");
    assertUnusable(
        base.copy().put("tls", new JsonObject().put("caFile", absent)),
        absent + " does not exist: \"tls.caFile\"");
    assertUnusable(
        base.copy().put("tls", new JsonObject().put("caFile", text)),
        text + " has no PEM certificate: \"tls.caFile\"");
    assertUnusable(
        base.copy().put("tls", client.pem().put("keyFile", server.key().toString())),
        "%s has a key that does not match the certificate in %s: \"tls.keyFile\""
            .formatted(server.key(), client.certificate()));
    Path der = Files.write(folder.resolve("der"), authority.bundle().getCertificate().getEncoded());
    assertUnusable(
        base.copy().put("tls", new JsonObject().put("caFile", der.toString())),
        "%1$s is DER, not PEM; it becomes that by: openssl x509 -inform DER -in %1$s -out %1$s.pem: \"tls.caFile\""
            .formatted(der));
  }

  private void assertUnusable(JsonObject config, String why) {
    assertThat(
            vertx
                .deployVerticle(
                    ClientVerticle.class.getName(), new DeploymentOptions().setConfig(config))
                .transform(end -> Future.succeededFuture(end.cause()))
                .timeout(Waits.SECONDS, TimeUnit.SECONDS)
                .await())
        .isInstanceOf(UnusableFileException.class)
        .hasMessage(why);
  }

  private static String failure(Context loop, Channel channel) {
    return on(
        loop,
        () ->
            channel
                .ask(
                    UserServiceGrpcClient.GetUser, GetUserRequest.newBuilder().setUserId(1).build())
                .transform(end -> Future.succeededFuture(end.cause().getMessage())));
  }

  /** Runs on the event loop of the channel. */
  private static <T> T on(Context loop, Supplier<Future<T>> work) {
    return Future.<T>future(done -> loop.runOnContext(turn -> work.get().onComplete(done)))
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }
}
