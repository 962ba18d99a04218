package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.ClientVerticle;
import dev.userservice.config.ClientConfig;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.Demo;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserServiceGrpcClient;
import dev.userservice.tls.UnusableFileException;
import io.netty.pkitesting.CertificateBuilder;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client authenticates the server and itself, and explains what failed. */
@Timeout(Waits.TEST_SECONDS)
class SecureClientTest {

  private static final String CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";

  @TempDir private static Path folder;

  private static Certificate authority;
  private static Certificate server;
  private static Certificate client;

  private final Vertx vertx = Vertx.vertx();
  private final List<RunningServer> servers = new ArrayList<>();

  @BeforeAll
  static void makeCertificates() throws Exception {
    authority = Certificate.authority(folder, "authority");
    server = authority.forServer("server");
    client = authority.forClient("client");
  }

  @AfterEach
  void stop() {
    servers.forEach(RunningServer::close);
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  // The server's certificate.

  @Test
  void tls_allScenariosPass() {
    Demo demo = run(trusting(), start(server.pem()));

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown()).contains("5/5 scenarios passed");
  }

  @Test
  void tls_byName_checksTheName_notTheAddress() throws Exception {
    Certificate named =
        authority.issue("named", Certificate.builder("named").addSanDnsName("localhost"));
    int port = start(named.pem());

    assertThat(run(trusting(), at("localhost", port)).failure()).isNull();
    assertThat(failure(trusting(), port))
        .isEqualTo(
            "scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:%d has a certificate for \"localhost\", not for \"127.0.0.1\"; use one of its names in \"addresses\" or \"tls.serverName\""
                .formatted(port));
  }

  @Test
  void serverName_isCheckedInTheCertificate() throws Exception {
    Certificate named =
        authority.issue(
            "users",
            Certificate.builder("users")
                .addSanDnsName("users.example.com")
                .addSanIpAddress("10.0.0.7"));
    int port = start(named.pem());

    assertThat(failure(trusting().put("serverName", "users.example.com"), port)).isNull();
    assertThat(failure(trusting().put("serverName", "staff.example.com"), port))
        .contains("for \"users.example.com\", \"10.0.0.7\", not for \"staff.example.com\"");
  }

  @Test
  void calls_haveTheNameAsTheirAuthority() throws Exception {
    AtomicReference<String> asked = new AtomicReference<>();
    Handler<HttpServerRequest> answer =
        request -> {
          asked.set(request.authority() + ", " + request.connection().indicatedServerName());
          request.response().setStatusCode(404).end();
        };
    Certificate named =
        authority.issue("sni", Certificate.builder("sni").addSanDnsName("a.example.com"));
    int secure = http(foreign(named).setSni(true), answer);
    int plain = http(new HttpServerOptions(), answer);

    failure(trusting().put("serverName", "a.example.com"), secure);
    assertThat(asked).hasValue("a.example.com:" + secure + ", a.example.com");
    run(new JsonObject(), at("localhost", plain));
    assertThat(asked).hasValue("localhost:" + plain + ", null");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ipv6Address(boolean secure) throws Exception {
    // On a machine without IPv6, an IPv4 address takes its place.
    String loopback = hasIpv6() ? "::1" : "127.0.0.1";
    Certificate six = authority.issue("six", Certificate.builder("six").addSanIpAddress(loopback));
    JsonObject config = new JsonObject().put("host", loopback);
    RunningServer running = RunningServer.start(1, secure ? config.put("tls", six.pem()) : config);
    servers.add(running);

    JsonObject tls = secure ? trusting() : new JsonObject();
    String host = hasIpv6() ? "[::1]" : loopback;
    assertThat(run(tls, at(host, running.port())).failure()).isNull();
  }

  @Test
  void untrustedAuthority_isNamed_withTheKeyOfTheFile() throws Exception {
    int port = start(server.pem());
    Path other = Certificate.authority(folder, "other").certificate();

    assertThat(failure(new JsonObject().put("caFile", other.toString()), port))
        .isEqualTo(
            "scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:%d has a certificate that no authority in %s has signed (it is of \"CN=server\", signed by \"CN=authority\"); name the right authority's file in \"tls.caFile\""
                .formatted(port, other));
    assertThat(failure(new JsonObject().put("enabled", true), port))
        .contains("a certificate that no authority of the JDK has signed", "\"tls.caFile\"");
  }

  @Test
  void expiredOrFutureCertificate_isExplainedWithTheDate() throws Exception {
    Instant now = Instant.now();
    Certificate old = authority.issue("old", valid(server("old"), now, -9, -2));
    Certificate young = authority.issue("young", valid(server("young"), now, 3, 9));

    assertThat(failure(trusting(), start(old.pem())))
        .contains(
            "a certificate that expired on " + date(now, -2),
            "; renew it, or correct this machine's clock");
    assertThat(failure(trusting(), start(young.pem())))
        .contains("a certificate that is not valid before " + date(now, 3));
  }

  @Test
  void certificateForClientsOnly_isRejected() throws Exception {
    Certificate wrong = authority.issue("wrong", server("wrong").addExtendedKeyUsageClientAuth());

    assertThat(failure(trusting(), start(wrong.pem())))
        .contains("a certificate that is not acceptable: Extended key usage");
  }

  // The client's certificate.

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

  // The protocol.

  @Test
  void tls_toAServerInPlaintext() throws Exception {
    String why = "speaks plaintext, but this client uses TLS; for plaintext, leave out \"tls\"";
    int port = start(new JsonObject());

    assertThat(failure(trusting(), port))
        .isEqualTo("scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:" + port + " " + why);
    try (ForeignServer grpcJava = new ForeignServer().start()) {
      assertThat(failure(trusting(), grpcJava.port())).endsWith(why);
    }
    assertThat(failure(trusting(), tcp(socket -> socket.handler(hello -> socket.close()))))
        .contains(
            "closed the connection in the TLS handshake; if it speaks plaintext, leave out \"tls\"");
  }

  @Test
  void plaintext_toAServerOfTls() {
    String set = "set \"tls.enabled\" to true, or \"tls.caFile\" to the file of its authority";

    assertThat(failure(new JsonObject(), start(server.pem())))
        .contains("UNAVAILABLE: no connection to 127.0.0.1:")
        .endsWith("Connection was closed; if it speaks TLS, " + set);
    int saysSo = tcp(socket -> socket.handler(preface -> socket.end(alert(10))));
    assertThat(failure(new JsonObject(), saysSo))
        .endsWith("127.0.0.1:" + saysSo + " speaks TLS, but this client uses plaintext; " + set);
  }

  @Test
  void noCommonVersionOrCipher() {
    String why = "has no version or cipher of TLS in common with this client";
    HttpServerOptions weak =
        foreign(server)
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.2"))
            .addEnabledCipherSuite(CBC);

    assertThat(failure(trusting(), http(weak, request -> {})))
        .contains(why, "TLS 1.2 and 1.3", "(handshake_failure)");
    assertThat(failure(trusting(), tcp(socket -> socket.handler(hello -> socket.end(alert(70))))))
        .contains(why, "(protocol_version)");
  }

  @Test
  void tlsWithoutHttp2() {
    assertThat(failure(trusting(), http(foreign(server).setUseAlpn(false), request -> {})))
        .endsWith("the peer is not a gRPC server: it speaks TLS, but not HTTP/2");
    HttpServerOptions http1 = foreign(server).setAlpnVersions(List.of(HttpVersion.HTTP_1_1));
    assertThat(failure(trusting(), http(http1, request -> {})))
        .endsWith("does not answer as a gRPC server: it uses TLS, but not HTTP/2");
  }

  @Test
  void silentPeer_endsAtTheDeadline() {
    JsonObject config = Demo.config(tcp(socket -> {}), "get").put("tls", trusting());

    assertThat(Demo.run(vertx, config.put("deadlineMillis", 300)).failure())
        .contains("DEADLINE_EXCEEDED", "did not speak HTTP/2 over TLS within 300 ms");
  }

  @Test
  void permanentFailure_isNotRetried() {
    AtomicInteger connections = new AtomicInteger();
    int port =
        tcp(
            socket -> {
              connections.incrementAndGet();
              socket.handler(hello -> socket.end(alert(70)));
            });

    assertThat(failure(trusting(), port)).contains("UNAVAILABLE");
    assertThat(connections).as("the search, the warm-up, and one call").hasValue(3);
  }

  @Test
  void relay_explainsTheFailureOfAServer() throws Exception {
    int good = start(server.pem());
    Certificate named =
        authority.issue("relay", Certificate.builder("relay").addSanDnsName("a.example.com"));
    int bad = start(named.pem());
    JsonObject config = Demo.config(good, "relay").put("tls", trusting());
    config.getJsonArray("addresses").add("127.0.0.1:" + bad);

    assertThat(Demo.run(vertx, config).failure())
        .contains("127.0.0.1:" + bad + " has a certificate for \"a.example.com\"");
  }

  // The client's token.

  @ParameterizedTest
  @ValueSource(strings = {"token", "tokenFile"})
  void token_overMutualTls_allScenariosPass(String key) throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(mutual(), issuer.auth(folder, rights("users")));
    String token = issuer.token("users");

    Demo demo =
        Demo.run(
            vertx,
            Demo.config(port)
                .put("tls", trusting().mergeIn(client.pem()))
                .put(key, key.equals("token") ? token : file("good", token + "\n")));

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown()).contains("5/5 scenarios passed").doesNotContain(token);
  }

  @Test
  void missingOrRefusedToken_isExplainedWithItsSource() throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(server.pem(), issuer.auth(folder, rights("users")));
    JsonObject config = Demo.config(port, "get").put("tls", trusting());

    Demo none = Demo.run(vertx, config);
    assertThat(none.failure())
        .contains("UNAUTHENTICATED: metadata \"authorization: Bearer TOKEN\"");
    assertThat(none.shown())
        .containsSubsequence(
            "<- UNAUTHENTICATED",
            "ErrorInfo: TOKEN_MISSING",
            "Called without a token: neither \"token\" nor \"tokenFile\" is set",
            "failed after");

    String late = issuer.token(claims -> claims.put("exp", 1_000_000_000), "users");
    Demo refused = Demo.run(vertx, config.copy().put("token", late));
    assertThat(refused.failure()).contains("UNAUTHENTICATED: the token has expired");
    assertThat(refused.shown()).contains("Called with the token of \"token\"").doesNotContain(late);

    String path = file("late", late);
    assertThat(Demo.run(vertx, config.copy().put("tokenFile", path)).shown())
        .contains("Called with the token in " + path + ": \"tokenFile\"");
  }

  @Test
  void tokenWithoutTheRole_isExplainedWithItsSource() throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(mutual(), issuer.auth(folder, rights("users")));

    Demo demo =
        Demo.run(
            vertx,
            Demo.config(port, "get", "chat")
                .put("tls", trusting().mergeIn(client.pem()))
                .put("token", issuer.token("guests")));

    String note =
        "Called with the token of \"token\", and the certificate in %s and %s"
            .formatted(client.certificate(), client.key());
    assertThat(demo.failure()).contains("PERMISSION_DENIED").contains("users");
    assertThat(demo.shown()).containsSubsequence(note, note).contains("0/2 scenarios passed");
  }

  @Test
  void tokenWithoutTheRole_onSeveralServers_isNotExplainedAsASplitCluster() throws Exception {
    Issuer issuer = Issuer.make();
    JsonObject auth = issuer.auth(folder, rights("users"));
    JsonObject config = Demo.config(start(server.pem(), auth), "relay").put("tls", trusting());
    config.getJsonArray("addresses").add("127.0.0.1:" + start(server.pem(), auth));

    Demo demo = Demo.run(vertx, config.put("token", issuer.token("guests")));

    assertThat(demo.failure())
        .startsWith("scenario 1 (relay) failed: PERMISSION_DENIED")
        .doesNotContain("cluster");
    assertThat(demo.shown()).contains("Called with the token of \"token\"");
  }

  @Test
  void token_inPlaintext_isSentToThisMachineOnly() throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(new JsonObject(), issuer.auth(folder, rights("users")));
    String token = issuer.token("users");
    JsonObject config = Demo.config(port, "get").put("token", token);

    assertThat(Demo.run(vertx, config).failure()).isNull();
    config.getJsonArray("addresses").add("users.example.com:50051");
    assertThat(Demo.run(vertx, config).failure())
        .isEqualTo(
            "configuration: \"token\" would be sent to users.example.com:50051 in plaintext, readable and reusable on its way; set \"tls.enabled\" or \"tls.caFile\"");
    config.remove("token");
    assertThat(Demo.run(vertx, config.put("tokenFile", "x")).failure())
        .startsWith("configuration: \"tokenFile\" would be sent to users.example.com:50051");
  }

  @Test
  void invalidToken_isRefused_andNotShown() throws Exception {
    JsonObject config = Demo.config(1, "get").put("waitMillis", 0);
    String form = "one line of printable ASCII without spaces, and without \"Bearer\"";

    for (String bad :
        List.of("Bearer s3cret", "s3cret\ns3cret", "s3cr\u00e9t", "s3cret".repeat(2_000))) {
      assertThat(Demo.run(vertx, config.copy().put("token", bad)).failure())
          .isEqualTo("configuration: \"token\" is not a token: that is " + form);
      String path = file("bad", bad);
      assertThat(Demo.run(vertx, config.copy().put("tokenFile", path)).failure())
          .isEqualTo(path + " does not contain a token, which is " + form + ": \"tokenFile\"");
    }
    String empty = file("empty", "\n");
    assertThat(Demo.run(vertx, config.copy().put("tokenFile", empty)).failure())
        .isEqualTo(empty + " is empty: \"tokenFile\"");
    assertThat(ClientConfig.from(config.copy().put("token", "s3cret\n")).token())
        .as("as it is often mounted")
        .isEqualTo("s3cret");
    assertThat(ClientConfig.from(config.copy().put("token", "s3cret")).toString())
        .doesNotContain("s3cret");
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

  /** A server with a free port of the loopback address. */
  private int start(JsonObject tls, JsonObject auth) {
    JsonObject config = with(with(new JsonObject(), "tls", tls), "auth", auth);
    RunningServer running = RunningServer.start(1, config);
    servers.add(running);
    return running.port();
  }

  private int start(JsonObject tls) {
    return start(tls, new JsonObject());
  }

  /** Adds a section, unless it is empty. */
  private static JsonObject with(JsonObject config, String key, JsonObject section) {
    return section.isEmpty() ? config : config.put(key, section);
  }

  private static JsonObject rights(String role) {
    return new JsonObject().put("*", new JsonArray().add(role));
  }

  /** A server that requires certificates of our authority. */
  private static JsonObject mutual() {
    return server.pem().put("clientCaFile", authority.certificate().toString());
  }

  /** A client that trusts our authority. */
  private static JsonObject trusting() {
    return new JsonObject().put("caFile", authority.certificate().toString());
  }

  /** A certificate for 127.0.0.1 without extended key usages. */
  private static CertificateBuilder server(String name) {
    return Certificate.builder(name).addSanIpAddress("127.0.0.1");
  }

  private static CertificateBuilder valid(
      CertificateBuilder builder, Instant now, int fromDays, int toDays) {
    return builder
        .notBefore(now.plus(Duration.ofDays(fromDays)))
        .notAfter(now.plus(Duration.ofDays(toDays)));
  }

  /** Truncated to seconds, as in certificates. */
  private static String date(Instant now, int days) {
    return now.plus(Duration.ofDays(days)).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  private Demo run(JsonObject tls, int port, String... scenarios) {
    return Demo.run(vertx, with(Demo.config(port, scenarios), "tls", tls));
  }

  private Demo run(JsonObject tls, String address) {
    JsonObject config = with(Demo.config(1, "get", "chat"), "tls", tls);
    return Demo.run(vertx, config.put("addresses", new JsonArray().add(address)));
  }

  private static String at(String host, int port) {
    return host + ":" + port;
  }

  private String failure(JsonObject tls, int port) {
    return run(tls, port, "get").failure();
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

  private static HttpServerOptions foreign(Certificate certificate) {
    return new HttpServerOptions()
        .setSsl(true)
        .setUseAlpn(true)
        .setKeyCertOptions(keys(certificate));
  }

  private static PemKeyCertOptions keys(Certificate certificate) {
    return new PemKeyCertOptions()
        .addCertPath(certificate.certificate().toString())
        .addKeyPath(certificate.key().toString());
  }

  private int http(HttpServerOptions options, Handler<HttpServerRequest> handler) {
    return vertx
        .createHttpServer(options)
        .requestHandler(handler)
        .listen(0, "127.0.0.1")
        .map(HttpServer::actualPort)
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }

  private int tcp(Handler<NetSocket> handler) {
    return tcp(new NetServerOptions(), handler);
  }

  private int tcp(NetServerOptions options, Handler<NetSocket> handler) {
    return vertx
        .createNetServer(options)
        .connectHandler(handler)
        .listen(0, "127.0.0.1")
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await()
        .actualPort();
  }

  /** RFC 8446, 5.1 and 6: a record with a fatal alert. */
  private static Buffer alert(int description) {
    return Buffer.buffer(new byte[] {21, 3, 3, 0, 2, 2, (byte) description});
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException none) {
      return false;
    }
  }
}
