package dev.userservice.tls;

import static dev.userservice.kit.Requests.get;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server with a certificate, and callers that trust its authority. */
@Timeout(Waits.TEST_SECONDS)
abstract class TlsCalls {

  static final Duration SOON = Duration.ofSeconds(Waits.SECONDS);

  @TempDir Path folder;

  Certificate authority;
  Certificate own;
  RunningServer server;
  LogLines peers;
  LogLines tls;

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

  void start(JsonObject tls) {
    server = RunningServer.start(2, new JsonObject().put("tls", tls));
  }

  JsonObject mutual() {
    return own.pem().put("clientCaFile", authority.certificate().toString());
  }

  SslContextBuilder trusting() {
    return GrpcSslContexts.forClient().trustManager(authority.certificate().toFile());
  }

  SslContext with(Certificate certificate) throws Exception {
    return trusting()
        .keyManager(certificate.certificate().toFile(), certificate.key().toFile())
        .build();
  }

  static Code code(ManagedChannel channel) {
    try {
      UserServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
          .getUser(get(1));
      return Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  SSLSocket connect(String protocol, String cipher) throws Exception {
    return connect(protocol, cipher, null);
  }

  SSLSocket connect(String protocol, String cipher, Certificate certificate, String... application)
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

  static String name(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().getName();
  }

  static void await(Supplier<Boolean> condition) {
    Waits.until("in time", condition::get);
  }

  /** Sends its certificate to any server that asks for one. */
  static final class OneKey extends X509ExtendedKeyManager {

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
}
