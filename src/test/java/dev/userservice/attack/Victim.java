package dev.userservice.attack;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.Requests;
import dev.userservice.kit.Waits;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A server under attack: a JVM of its own with a heap of 256 MiB. */
final class Victim implements AutoCloseable {

  /** The configuration of a server besides its defaults. */
  enum Kind {
    /** Plaintext, without tokens; with 10,000 users. */
    OPEN,
    /** TLS, and a token for all but Health. */
    GUARDED,
    /** As {@link #GUARDED}, with 100 connections for unauthenticated callers. */
    GUARDED_100
  }

  static final int CALL_SECONDS = Waits.SECONDS;

  /** The number of users in the store of {@link Kind#OPEN}. */
  static final int USERS = 10_000;

  private static final String HEAP = "256m";
  private static final int TOKEN_SECONDS = 7_200;
  private static final int START_SECONDS = Waits.SECONDS;

  private final JavaProcess program;
  private final int port;
  private final JvmMemory memory;
  private final Optional<Certificate> certificate;
  private final Optional<SSLContext> tls;
  private final Optional<String> token;

  private Victim(
      JavaProcess program,
      Optional<Certificate> certificate,
      Optional<SSLContext> tls,
      Optional<String> token)
      throws IOException {
    this.program = program;
    this.port = program.port();
    this.memory = new JvmMemory(program.process().pid());
    this.certificate = certificate;
    this.tls = tls;
    this.token = token;
  }

  /**
   * @param folder for its files
   */
  static Victim start(Kind kind, Path folder) throws Exception {
    Path own = Files.createTempDirectory(folder, "victim");
    JsonObject config = new JsonObject().put("port", 0);
    Optional<Certificate> certificate = Optional.empty();
    Optional<SSLContext> tls = Optional.empty();
    Optional<String> token = Optional.empty();
    if (kind != Kind.OPEN) {
      Certificate server = Certificate.make(own, "server");
      Issuer issuer = Issuer.make();
      long expiry = Instant.now().getEpochSecond() + TOKEN_SECONDS;
      config
          .put("tls", server.pem())
          .put("auth", issuer.auth(own, new JsonObject().put("*", new JsonArray().add("*"))));
      certificate = Optional.of(server);
      tls = Optional.of(trusting(server));
      token = Optional.of(issuer.token(claims -> claims.put("exp", expiry)));
    }
    if (kind == Kind.GUARDED_100) {
      config.put("limits", new JsonObject().put("unauthenticatedConnections", 100));
    }
    JavaProcess program =
        JavaProcess.start(
            own,
            Map.of(),
            List.of("-Xmx" + HEAP, "-XX:+UseG1GC", "-XX:NativeMemoryTracking=summary"),
            "--conf",
            config.encode());
    try {
      Victim victim = new Victim(program, certificate, tls, token);
      victim.warmUp(kind);
      return victim;
    } catch (Throwable failed) {
      program.kill();
      throw failed;
    }
  }

  private static SSLContext trusting(Certificate server) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("server", server.bundle().getCertificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /** Fills the store where attacks read it, and loads the classes of all calls. */
  private void warmUp(Kind kind) throws Exception {
    ManagedChannel channel = channel();
    try {
      for (int i = 0; i < 100; i++) {
        caller(channel).withDeadlineAfter(START_SECONDS, TimeUnit.SECONDS).getUser(Requests.get(1));
      }
      if (kind == Kind.OPEN) {
        List<CreateUserRequest> users =
            IntStream.range(0, USERS).mapToObj(i -> Payloads.user("Stored", i)).toList();
        Batch.create(
            UserServiceGrpc.newStub(channel).withDeadlineAfter(START_SECONDS, TimeUnit.SECONDS),
            users);
      }
    } finally {
      channel.shutdownNow();
    }
  }

  int port() {
    return port;
  }

  /** For attackers; empty when the server speaks plaintext. */
  Optional<SSLContext> tls() {
    return tls;
  }

  /** A new channel of another caller. */
  ManagedChannel channel() throws IOException {
    NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", port);
    return certificate.isEmpty()
        ? builder.usePlaintext().build()
        : builder
            .sslContext(
                GrpcSslContexts.forClient()
                    .trustManager(certificate.get().certificate().toFile())
                    .build())
            .build();
  }

  /** Another caller, with a valid token where the server requires one. */
  UserServiceBlockingStub caller(ManagedChannel channel) {
    UserServiceBlockingStub stub =
        UserServiceGrpc.newBlockingStub(channel).withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
    return token.isEmpty()
        ? stub
        : stub.withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(Issuer.bearer(token.get())));
  }

  /** Makes one ordinary call. Returns its status. */
  Status call(ManagedChannel channel) {
    return call(caller(channel));
  }

  /**
   * As {@link #call}, on a channel that has no connection yet. If a handshake takes longer than the
   * server waits, as on a busy machine, another one follows.
   */
  Status connectAndCall(ManagedChannel channel) {
    return call(caller(channel).withWaitForReady());
  }

  private static Status call(UserServiceBlockingStub caller) {
    try {
      caller.getUser(Requests.get(1));
      return Status.OK;
    } catch (StatusRuntimeException failed) {
      return failed.getStatus();
    }
  }

  JvmMemory memory() {
    return memory;
  }

  /** The CPU time of all threads of the process so far. */
  Duration cpu() {
    return program.process().toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  boolean isAlive() {
    return program.process().isAlive();
  }

  /** The stderr of the server so far. */
  String errors() {
    return program.errors();
  }

  @Override
  public void close() throws InterruptedException {
    program.kill();
  }
}
