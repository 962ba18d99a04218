package dev.userservice.tls;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.SpecialFiles;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.rpc.RawFrames;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.io.EOFException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server with a certificate, and peers that it rejects. */
@Timeout(Waits.TEST_SECONDS)
class TlsTest {

  private static final Duration SOON = Duration.ofSeconds(Waits.SECONDS);

  @TempDir private Path folder;

  private Certificate authority;
  private Certificate own;
  private RunningServer server;
  private LogLines peers;
  private LogLines tls;

  @BeforeEach
  void makeCertificates() throws Exception {
    authority = Certificate.authority(folder, "authority");
    own = authority.forServer("server");
    peers = LogLines.of("dev.userservice.tls.RejectedPeers");
    tls = LogLines.of("dev.userservice.tls.ServerTls");
  }

  @AfterEach
  void stop() {
    peers.close();
    tls.close();
    if (server != null) {
      server.close();
    }
  }

  private void start(JsonObject tls) {
    server = RunningServer.start(2, new JsonObject().put("tls", tls));
  }

  private JsonObject mutual() {
    return own.pem().put("clientCaFile", authority.certificate().toString());
  }

  @Test
  void plaintextClient_isRejectedAndLogged() throws Exception {
    start(own.pem());

    assertThat(code(server.channel())).isEqualTo(Code.UNAVAILABLE);
    peers.await("speaks plaintext, but this port is for TLS");
    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.OK);
  }

  @Test
  void tlsClient_onAPlaintextPort_isRejectedAndLogged() throws Exception {
    server = RunningServer.start();

    assertThatThrownBy(() -> connect("TLSv1.3", null).close()).isInstanceOf(SSLException.class);
    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.UNAVAILABLE);
    peers.await("if it speaks TLS: this port is for plaintext");
    assertThat(code(server.channel())).isEqualTo(Code.OK);
  }

  @Test
  void silentPeer_isClosedAndNotLogged() throws Exception {
    start(own.pem());
    try (Socket silent = new Socket("127.0.0.1", server.port())) {
      silent.setSoTimeout((int) SOON.toMillis());

      assertThat(silent.getInputStream().read()).as("the end").isEqualTo(-1);
    }
    assertThat(peers.messages()).isEmpty();
  }

  @Test
  void rejectedPeers_cannotFillTheLog() throws Exception {
    start(own.pem());
    for (int i = 0; i < 50; i++) {
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
        socket.getInputStream().readAllBytes();
      }
    }
    peers.await("speaks plaintext");
    assertThat(peers.messages().size()).isLessThan(25);
  }

  @Test
  void clientCertificate_isRequired() throws Exception {
    start(mutual());

    assertThat(code(server.channel(with(authority.forClient("good"))))).isEqualTo(Code.OK);
    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.UNAVAILABLE);
    peers.await("sent no certificate of the authorities in \"tls.clientCaFile\"");
  }

  @Test
  void clientCertificate_thatHasExpired() throws Exception {
    start(mutual());
    Certificate old =
        authority.issue("old", Certificate.builder("old").notAfter(Instant.now().minusSeconds(60)));

    assertThat(code(server.channel(with(old)))).isEqualTo(Code.UNAVAILABLE);
    peers.await("has a certificate that has expired");
  }

  @Test
  void clientCertificate_ofAnotherAuthority() throws Exception {
    start(mutual());
    Certificate foreign = Certificate.authority(folder, "foreign").forClient("stranger");
    // The JDK by itself sends no certificate that the server does not accept; other clients do.
    SslContext showing = trusting().keyManager(new OneKey(foreign)).build();

    assertThat(code(server.channel(showing))).isEqualTo(Code.UNAVAILABLE);
    peers.await("has a certificate that is not signed by an authority in \"tls.clientCaFile\"");
  }

  /** Sends its certificate to any server that asks for one. */
  private static final class OneKey extends X509ExtendedKeyManager {

    private final Certificate certificate;

    OneKey(Certificate certificate) {
      this.certificate = certificate;
    }

    @Override
    public String chooseEngineClientAlias(String[] kinds, Principal[] issuers, SSLEngine engine) {
      return "one";
    }

    @Override
    public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
      return "one";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return certificate.bundle().getCertificatePath();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return certificate.bundle().getKeyPair().getPrivate();
    }

    @Override
    public String[] getClientAliases(String kind, Principal[] issuers) {
      return new String[] {"one"};
    }

    @Override
    public String[] getServerAliases(String kind, Principal[] issuers) {
      return null;
    }

    @Override
    public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) {
      return null;
    }
  }

  @Test
  void clientThatDoesNotTrustUs_isExplained() throws Exception {
    start(own.pem());
    Certificate other = Certificate.authority(folder, "other");
    SslContext trusting =
        GrpcSslContexts.forClient().trustManager(other.certificate().toFile()).build();

    assertThat(code(server.channel(trusting))).isEqualTo(Code.UNAVAILABLE);
    peers.await("rejected this server's certificate: alert certificate_unknown");
  }

  @Test
  void oldProtocolsAndWeakCiphers_areRefused() throws Exception {
    start(own.pem());

    assertThat(connect("TLSv1.3", null).getSession().getCipherSuite())
        .isEqualTo("TLS_AES_256_GCM_SHA384");
    assertThat(connect("TLSv1.2", null).getSession().getCipherSuite())
        .isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    assertThatThrownBy(() -> connect("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"))
        .isInstanceOf(SSLHandshakeException.class);
    peers.await("shares no TLS version or cipher with this server");
  }

  @Test
  void pkcs12_withItsPasswordInAFile() throws Exception {
    Path password = Files.writeString(folder.resolve("password"), "secret\n");
    start(
        new JsonObject()
            .put("keyStoreFile", own.pkcs12("secret").toString())
            .put("keyStorePasswordFile", password.toString()));

    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.OK);
  }

  @Test
  void filesThatCannotBeUsed_areNamed() throws Exception {
    Path nothing = Files.writeString(folder.resolve("nothing.pem"), "nothing");
    String none = folder.resolve("none.pem").toString();
    Certificate other = authority.forServer("other");
    assertRefused(
        own.pem().put("certificateFile", none), none, "does not exist", "tls.certificateFile");
    assertRefused(own.pem().put("keyFile", folder.toString()), "is a folder", "tls.keyFile");
    assertRefused(own.pem().put("keyFile", "/dev/zero"), "/dev/zero is not a regular file");
    String pipe = SpecialFiles.pipe(folder).toString();
    assertRefused(own.pem().put("keyFile", pipe), pipe + " is not a regular file: \"tls.keyFile\"");
    assertRefused(
        own.pem().put("clientCaFile", pipe), "is not a regular file: \"tls.clientCaFile\"");
    String large = SpecialFiles.ofBytes(folder, (1 << 20) + 1).toString();
    assertRefused(own.pem().put("certificateFile", large), "is larger than 1 MiB");
    assertRefused(
        own.pem().put("certificateFile", nothing.toString()), "nothing.pem has no PEM certificate");
    assertRefused(
        own.pem().put("keyFile", nothing.toString()), "nothing.pem has no PEM private key");
    assertRefused(
        own.pem().put("keyFile", other.key().toString()),
        "other.key has a key that does not match the certificate");
    assertRefused(
        own.pem().put("clientCaFile", nothing.toString()), "nothing.pem has no PEM certificate");
    String secret = Files.readString(own.key());
    assertThat(assertRefused(own.pem().put("keyFile", secret), "the value is not a file name"))
        .doesNotContain(secret.lines().skip(1).findFirst().orElseThrow());
    JsonObject pkcs12 = new JsonObject().put("keyStoreFile", own.pkcs12("secret").toString());
    assertRefused(pkcs12.copy().put("keyStorePassword", "wrong"), "needs another password");
    assertRefused(pkcs12.copy().put("keyStoreFile", nothing.toString()), "is not a PKCS12 file");
  }

  @Test
  void worldReadableKey_logsAWarning() throws Exception {
    try (LogLines files = LogLines.of("dev.userservice.tls.SmallFile")) {
      Files.setPosixFilePermissions(own.key(), PosixFilePermissions.fromString("rw-r-----"));
      start(own.pem());
      assertThat(files.messages()).as("its group may").isEmpty();
      server.close();

      Files.setPosixFilePermissions(own.key(), PosixFilePermissions.fromString("rw-r--r--"));
      start(own.pem());
      String key = own.key().toString();
      assertThat(files.messages())
          .containsExactly(
              "%s can be read by every user of this machine (rw-r--r--): chmod 600 %s (\"tls.keyFile\")"
                  .formatted(key, key));
    }
  }

  private static String assertRefused(JsonObject tls, String... words) {
    UnusableFileException refused =
        catchThrowableOfType(
            UnusableFileException.class,
            () -> RunningServer.start(2, new JsonObject().put("tls", tls)));
    assertThat(refused.getMessage()).contains(words).hasLineCount(1);
    return refused.getMessage();
  }

  @Test
  void newCertificate_isUsedUnderLoadWithoutAFailedCall() throws Exception {
    start(own.pem());
    SslContext trusting = trusting().build();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger failed = new AtomicInteger();
    List<Thread> load =
        List.of(
            // One lasting connection, and a new one for each call.
            calling(stop, calls, failed, sameChannel(trusting)),
            calling(stop, calls, failed, () -> server.channel(trusting)));

    Certificate next = authority.forServer("next");
    next.replace(own);
    await(() -> name(connectOnce()).equals("CN=next"));
    int before = calls.get();
    await(() -> calls.get() > before + 20);
    stop.set(true);
    for (Thread thread : load) {
      thread.join(SOON.toMillis());
    }

    assertThat(failed).hasValue(0);
    assertThat(tls.messages()).last().asString().contains("CN=next");
  }

  private Supplier<ManagedChannel> sameChannel(SslContext trusting) {
    ManagedChannel channel = server.channel(trusting);
    return () -> channel;
  }

  private static Thread calling(
      AtomicBoolean stop,
      AtomicInteger calls,
      AtomicInteger failed,
      Supplier<ManagedChannel> channels) {
    Thread thread =
        new Thread(
            () -> {
              while (!stop.get()) {
                if (code(channels.get()) != Code.OK) {
                  failed.incrementAndGet();
                }
                calls.incrementAndGet();
              }
            });
    thread.start();
    return thread;
  }

  @Test
  void brokenNewFile_leavesThePreviousCertificate() throws Exception {
    start(mutual());
    SslContext good = with(authority.forClient("good"));

    Files.writeString(own.certificate(), "broken");
    tls.await("has no PEM certificate: \"tls.certificateFile\"; the previous certificate stays");
    assertThat(code(server.channel(good))).isEqualTo(Code.OK);

    authority
        .issue("late", Certificate.server("late").notAfter(Instant.now().minusSeconds(60)))
        .replace(own);
    tls.await("has expired, or is not valid yet");
    assertThat(code(server.channel(good))).isEqualTo(Code.OK);

    authority.forServer("mended").replace(own);
    tls.await("CN=mended");
    await(() -> code(server.channel(good)) == Code.OK);
  }

  @Test
  void newAuthority_isUsed_andThePreviousOnesCallersEnd() throws Exception {
    start(mutual());
    Certificate before = authority.forClient("before");
    Certificate second = Certificate.authority(folder, "second");
    Certificate after = second.forClient("after");
    ManagedChannel open = server.channel(with(before));
    Recorder<UserMessage, UserMessage> chat = chat(open);
    assertThat(code(server.channel(with(after)))).isEqualTo(Code.UNAVAILABLE);
    Path trusted = folder.resolve("trusted");
    Files.copy(authority.certificate(), trusted);
    SslContext newcomer =
        GrpcSslContexts.forClient()
            .trustManager(trusted.toFile())
            .keyManager(after.certificate().toFile(), after.key().toFile())
            .build();

    Files.writeString(
        authority.certificate(),
        Files.readString(trusted) + Files.readString(second.certificate()));
    await(() -> code(server.channel(newcomer)) == Code.OK);
    Recorder<UserMessage, UserMessage> newChat = chat(server.channel(newcomer));
    assertThat(code(open)).as("a connection whose authority is still there").isEqualTo(Code.OK);

    Files.copy(second.certificate(), authority.certificate(), StandardCopyOption.REPLACE_EXISTING);

    assertEnded(chat, "CERTIFICATE_NOT_TRUSTED");
    await(() -> code(open) == Code.UNAVAILABLE);
    assertGoesOn(newChat);
    assertThat(code(server.channel(newcomer))).isEqualTo(Code.OK);
  }

  @Test
  void clientCertificate_thatExpires_endsItsCaller() throws Exception {
    start(mutual());
    Certificate brief =
        authority.issue(
            "brief", Certificate.builder("brief").notAfter(Instant.now().plusSeconds(6)));
    Recorder<UserMessage, UserMessage> other = chat(server.channel(with(authority.forClient("c"))));
    ManagedChannel channel = server.channel(with(brief));
    Recorder<UserMessage, UserMessage> chat = chat(channel);

    assertEnded(chat, "CERTIFICATE_EXPIRED");

    await(() -> server.openConnections() == 1);
    assertThat(code(channel))
        .as("a new connection, whose handshake resumes the session or not")
        .isIn(Code.UNAUTHENTICATED, Code.UNAVAILABLE);
    assertGoesOn(other);
  }

  /** A client that ignores the end of its connection gets no answer, or a refusal. */
  @Test
  void clientCertificate_thatExpired_opensNoFurtherCall() throws Exception {
    start(mutual());
    Certificate brief =
        authority.issue(
            "brief", Certificate.builder("brief").notAfter(Instant.now().plusSeconds(6)));
    try (RawFrames client = new RawFrames(connect("TLSv1.3", null, brief, "h2"))) {
      getUser(client, 1);
      assertThat(client.next(RawFrames.DATA).stream()).as("a user").isEqualTo(1);
      client.next(RawFrames.GOAWAY);

      getUser(client, 3);

      Set<Integer> answer = new HashSet<>();
      assertThatThrownBy(
              () -> {
                while (true) {
                  RawFrames.Frame frame = client.next();
                  if (frame.stream() == 3) {
                    answer.add(frame.type());
                  }
                }
              })
          .as("the end of the connection")
          .isInstanceOfAny(EOFException.class, SocketException.class);
      assertThat(answer).as("a user").doesNotContain(RawFrames.DATA);
    }
  }

  private static void getUser(RawFrames client, int stream) throws Exception {
    byte[] user = get(1).toByteArray();
    client
        .headers(
            stream,
            new DefaultHttp2Headers()
                .method("POST")
                .scheme("https")
                .authority("localhost")
                .path("/users.v1.UserService/GetUser")
                .add("content-type", "application/grpc"))
        .frame(
            RawFrames.DATA,
            RawFrames.END_STREAM,
            stream,
            ByteBuffer.allocate(5 + user.length)
                .put((byte) 0)
                .putInt(user.length)
                .put(user)
                .array())
        .send();
  }

  private static Recorder<UserMessage, UserMessage> chat(ManagedChannel channel)
      throws InterruptedException {
    Recorder<UserMessage, UserMessage> chat = Recorder.reading();
    UserServiceGrpc.newStub(channel).streamUsers(chat).onNext(says(1, "hello"));
    chat.awaitCount(1);
    return chat;
  }

  private static void assertGoesOn(Recorder<?, ?> call) throws Exception {
    call.cancel();
    assertThat(call.status().getCode()).as("the first end").isEqualTo(Code.CANCELLED);
  }

  private static void assertEnded(Recorder<?, ?> call, String reason) throws Exception {
    StatusRuntimeException ended = call.failure();
    assertThat(ended.getStatus().getCode()).as("%s", ended).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(ErrorDetails.of(ended).reason()).isEqualTo("userservice.dev/" + reason);
  }

  @Test
  void expiredCertificate_startsWithAWarning() throws Exception {
    own =
        authority.issue(
            "late", Certificate.server("late").notAfter(Instant.now().minusSeconds(60)));
    start(own.pem());

    tls.await("clients will reject the certificate of CN=late");
  }

  private SslContextBuilder trusting() {
    return GrpcSslContexts.forClient().trustManager(authority.certificate().toFile());
  }

  private SslContext with(Certificate certificate) throws Exception {
    return trusting()
        .keyManager(certificate.certificate().toFile(), certificate.key().toFile())
        .build();
  }

  private static Code code(ManagedChannel channel) {
    try {
      UserServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
          .getUser(get(1));
      return Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private SSLSocket connect(String protocol, String cipher) throws Exception {
    return connect(protocol, cipher, null);
  }

  private SSLSocket connect(
      String protocol, String cipher, Certificate certificate, String... application)
      throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        certificate == null ? null : new KeyManager[] {new OneKey(certificate)},
        authority.bundle().toTrustManagerFactory().getTrustManagers(),
        null);
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port());
    socket.setSoTimeout((int) SOON.toMillis());
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {protocol});
    parameters.setApplicationProtocols(application);
    socket.setSSLParameters(parameters);
    if (cipher != null) {
      socket.setEnabledCipherSuites(new String[] {cipher});
    }
    socket.startHandshake();
    return socket;
  }

  private X509Certificate connectOnce() {
    try (SSLSocket socket = connect("TLSv1.3", null)) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String name(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().getName();
  }

  private static void await(Supplier<Boolean> condition) {
    Waits.until("in time", condition::get);
  }
}
