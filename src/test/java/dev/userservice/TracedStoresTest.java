package dev.userservice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.TraceCollector.Received;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A call is in its caller's trace, and the store's answer below it, wherever the users are. */
@Timeout(value = 90, threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
class TracedStoresTest {

  private static final String SERVICE = "users.v1.UserService/";

  @TempDir private Path folder;

  private final String trace = TraceCollector.newTrace();

  @Test
  void postgres() throws Exception {
    try (TraceCollector collector = new TraceCollector()) {
      String config = StoreConfigs.postgres(PostgresServer.shared()).encode();
      Program server = Program.start(folder, collector.variables(), List.of(), "--conf", config);
      ManagedChannel channel = plaintext(server.port());
      try {
        createAndGet(channel);
        assertSpans(collector, "postgresql", SpanKind.SPAN_KIND_CLIENT);
      } finally {
        channel.shutdownNow();
        server.kill();
      }
    }
  }

  @Test
  void grid() throws Exception {
    try (TraceCollector collector = new TraceCollector();
        ClusterNode node = ClusterNode.start(folder, ClusterNode.grid(1), collector.variables())) {
      ManagedChannel channel = plaintext(node.port());
      try {
        createAndGet(channel);
        assertSpans(collector, "grid", SpanKind.SPAN_KIND_CLIENT);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void memory_overTls() throws Exception {
    Certificate identity = Certificate.make(folder, "localhost");
    JsonObject tls =
        new JsonObject()
            .put("certificateFile", identity.certificate().toString())
            .put("keyFile", identity.key().toString());
    try (TraceCollector collector = new TraceCollector()) {
      String config = new JsonObject().put("port", 0).put("tls", tls).encode();
      Program server = Program.start(folder, collector.variables(), List.of(), "--conf", config);
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", server.port())
              .sslContext(
                  GrpcSslContexts.forClient().trustManager(identity.certificate().toFile()).build())
              .overrideAuthority("localhost")
              .build();
      try {
        createAndGet(channel);
        assertSpans(collector, "memory", SpanKind.SPAN_KIND_INTERNAL);
      } finally {
        channel.shutdownNow();
        server.kill();
      }
    }
  }

  private void createAndGet(ManagedChannel channel) {
    UserServiceBlockingStub stub =
        UserServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(TraceCollector.context(trace, true)));
    int id = stub.createUser(Requests.create("Ada Lovelace", "ada@example.org", 36)).getUserId();
    stub.getUser(Requests.get(id));
  }

  /** Two calls with a question to the store each, and nothing of a driver or of the users. */
  private void assertSpans(TraceCollector collector, String system, SpanKind kind)
      throws Exception {
    List<Received> spans = collector.await(4, span -> span.trace().equals(trace));
    assertThat(spans).hasSize(4);
    for (String operation : List.of("create", "get")) {
      Received call =
          spans.stream()
              .filter(span -> span.name().equalsIgnoreCase(SERVICE + operation + "User"))
              .findFirst()
              .orElseThrow();
      assertThat(call.kind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
      assertThat(call.parent()).isEqualTo(TraceCollector.PARENT);
      Received store =
          spans.stream()
              .filter(span -> span.name().equals("store " + operation))
              .findFirst()
              .orElseThrow();
      assertThat(store.parent()).isEqualTo(call.id());
      assertThat(store.kind()).isEqualTo(kind);
      assertThat(store.text("db.system.name")).isEqualTo(system);
    }
    assertThat(collector.bytes()).doesNotContain("ada@", "Lovelace");
  }

  private static ManagedChannel plaintext(int port) {
    return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }
}
