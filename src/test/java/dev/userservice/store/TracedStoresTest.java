package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.PostgresServer;
import dev.userservice.kit.Requests;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.TraceCollector;
import dev.userservice.kit.TraceCollector.Received;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContext;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A call is in its caller's trace, and the store's answer below it, wherever the users are. */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
@Tag("slow")
class TracedStoresTest {

  private static final String SERVICE = "users.v1.UserService/";

  @TempDir private Path folder;

  private final String trace = TraceCollector.newTrace();

  @Test
  void postgres() throws Exception {
    assertTraced(
        StoreConfigs.postgres(PostgresServer.shared()),
        TracedStoresTest::to,
        "postgresql",
        SpanKind.SPAN_KIND_CLIENT);
  }

  @Test
  void memory_overTls() throws Exception {
    Certificate identity = Certificate.make(folder, "localhost");
    JsonObject tls = identity.pem();
    SslContext trusting =
        GrpcSslContexts.forClient().trustManager(identity.certificate().toFile()).build();
    assertTraced(
        new JsonObject().put("port", 0).put("tls", tls),
        port ->
            NettyChannelBuilder.forAddress("127.0.0.1", port)
                .sslContext(trusting)
                .overrideAuthority("localhost"),
        "memory",
        SpanKind.SPAN_KIND_INTERNAL);
  }

  @Test
  void raft() throws Exception {
    try (TraceCollector collector = new TraceCollector();
        ClusterNode node =
            ClusterNode.start(folder, ClusterNode.raft(folder, 1), collector.variables())) {
      createAndGet(node.blocking());
      assertSpans(collector, "raft", SpanKind.SPAN_KIND_CLIENT);
    }
  }

  private void assertTraced(
      JsonObject config, IntFunction<NettyChannelBuilder> channelTo, String system, SpanKind kind)
      throws Exception {
    try (TraceCollector collector = new TraceCollector()) {
      JavaProcess server =
          JavaProcess.start(folder, collector.variables(), List.of(), "--conf", config.encode());
      ManagedChannel channel = channelTo.apply(server.port()).build();
      try {
        createAndGet(
            // On a busy machine a first TLS handshake can outlast the ten seconds of grpc-java.
            UserServiceGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS));
        assertSpans(collector, system, kind);
      } finally {
        channel.shutdownNow();
        server.kill();
      }
    }
  }

  private static NettyChannelBuilder to(int port) {
    return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext();
  }

  private void createAndGet(UserServiceBlockingStub stub) {
    UserServiceBlockingStub traced =
        stub.withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(TraceCollector.context(trace, true)));
    int id = traced.createUser(Requests.create("Ada Lovelace", "ada@example.org", 36)).getUserId();
    traced.getUser(Requests.get(id));
  }

  /** Two calls with a question to the store each, and nothing of a driver or of the users. */
  private void assertSpans(TraceCollector collector, String system, SpanKind kind)
      throws Exception {
    List<Received> spans = collector.await(4, span -> span.trace().equals(trace));
    assertThat(spans).hasSize(4);
    assertSpans(spans, SERVICE + "CreateUser", "store create", system, kind);
    assertSpans(spans, SERVICE + "GetUser", "store get", system, kind);
    assertThat(collector.bytes()).doesNotContain("ada@", "Lovelace");
  }

  private static void assertSpans(
      List<Received> spans, String method, String operation, String system, SpanKind kind) {
    Received call = named(spans, method);
    assertThat(call.kind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
    assertThat(call.parent()).isEqualTo(TraceCollector.PARENT);
    Received store = named(spans, operation);
    assertThat(store.parent()).isEqualTo(call.id());
    assertThat(store.kind()).isEqualTo(kind);
    assertThat(store.text("db.system.name")).isEqualTo(system);
  }

  private static Received named(List<Received> spans, String name) {
    return spans.stream().filter(span -> span.name().equals(name)).findFirst().orElseThrow();
  }
}
