package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.userservice.kit.AnyCall;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.Requests;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.TraceCollector;
import dev.userservice.kit.TraceCollector.Received;
import dev.userservice.kit.Waits;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** The spans that a collector receives of a server in a JVM of its own, as the variables say. */
@Tag("slow")
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
class TracingTest {

  private static final String SERVICE = "users.v1.UserService/";
  private static final SpanKind SERVER = SpanKind.SPAN_KIND_SERVER;
  private static final SpanKind CLIENT = SpanKind.SPAN_KIND_CLIENT;
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir private static Path folder;

  private static TraceCollector collector;
  private static JavaProcess server;
  private static ManagedChannel channel;
  private static int port;

  private final String trace = TraceCollector.newTrace();

  @BeforeAll
  static void start() throws Exception {
    collector = new TraceCollector();
    JsonObject config =
        StoreConfigs.sqlite(folder)
            .put("port", 0)
            .put(
                "rateLimit",
                new JsonObject()
                    .put("methods", new JsonObject().put(SERVICE + "BatchCreateUsers", 1)));
    server = JavaProcess.start(folder, collector.variables(), List.of(), "--conf", config.encode());
    port = server.port();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow();
    server.kill();
    collector.close();
  }

  @Test
  void call_isASpanOfItsCallersTrace_andTheStoreAChild() throws Exception {
    stub().getUser(Requests.get(1));

    Received call = call();
    assertThat(call.name()).isEqualTo(SERVICE + "GetUser");
    assertThat(call.service()).isEqualTo("user-service");
    assertThat(call.parent()).isEqualTo(TraceCollector.PARENT);
    assertThat(call.span().getTraceState()).isEqualTo(TraceCollector.STATE);
    assertThat(call.span().getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
    assertThat(call.text("rpc.system.name")).isEqualTo("grpc");
    assertThat(call.text("rpc.method")).isEqualTo(SERVICE + "GetUser");
    assertThat(call.text("rpc.response.status_code")).isEqualTo("OK");
    assertThat(call.text("error.type")).isNull();
    assertThat(call.text("server.port")).isEqualTo(Integer.toString(port));
    assertThat(call.text("network.peer.address")).isEqualTo("127.0.0.1");

    Received store = collector.await(span -> isOfTrace(span) && span.kind() == CLIENT);
    assertThat(store.name()).isEqualTo("store get");
    assertThat(store.parent()).isEqualTo(call.id());
    assertThat(store.text("db.system.name")).isEqualTo("sqlite");
    assertThat(collector.all(this::isOfTrace)).as("and no more").hasSize(2);
  }

  @Test
  void callWithoutATrace_beginsOne() throws Exception {
    UserServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
        .listUsers(Requests.list(1, 2))
        .forEachRemaining(user -> {});

    Received call =
        collector.await(
            span -> span.name().equals(SERVICE + "ListUsers") && span.parent().isEmpty());
    Received store =
        collector.await(
            span -> span.trace().equals(call.trace()) && span.parent().equals(call.id()));
    assertThat(store.name()).isEqualTo("store page");
  }

  @Test
  void callThatIsNotRecorded_sendsNothing() throws Exception {
    new AnyCall(SERVICE + "GetUser", Requests.get(1))
        .answer(channel, TraceCollector.context(trace, false));
    String later = TraceCollector.newTrace();
    new AnyCall(SERVICE + "GetUser", Requests.get(1))
        .answer(channel, TraceCollector.context(later, true));

    collector.await(span -> span.trace().equals(later) && span.kind() == SERVER);
    assertThat(collector.all(this::isOfTrace)).isEmpty();
  }

  @Test
  void failureOfTheCaller_isAStatus_andNoError() throws Exception {
    assertThat(answer("GetUser", Requests.get(99))).isEqualTo(Code.NOT_FOUND);

    Received call = call();
    assertThat(call.text("rpc.response.status_code")).isEqualTo("NOT_FOUND");
    assertThat(call.span().getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
    Received store = collector.await(span -> isOfTrace(span) && span.kind() == CLIENT);
    assertThat(store.text("error.type")).isEqualTo("NOT_FOUND");
    assertThat(store.span().getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
  }

  @Test
  void methodThatThereIsNot_givesNoName() throws Exception {
    assertThat(answer("Made.Up.By.A.Caller", Requests.get(1))).isEqualTo(Code.UNIMPLEMENTED);

    Received call = call();
    assertThat(call.name()).isEqualTo("grpc");
    assertThat(call.text("rpc.method")).isEqualTo("_OTHER");
    assertThat(call.text("error.type")).isEqualTo("UNIMPLEMENTED");
    assertThat(call.span().getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
    assertThat(collector.bytes()).doesNotContain("Made.Up");
  }

  @Test
  void callThatIsRefused_isASpanWithoutStore() throws Exception {
    CreateUserRequest john = Requests.john();
    Code code = Code.OK;
    while (code != Code.RESOURCE_EXHAUSTED) {
      code = new AnyCall(SERVICE + "BatchCreateUsers", john).answer(channel, recorded()).code();
    }

    Received refused =
        collector.await(
            span ->
                isOfTrace(span)
                    && "RESOURCE_EXHAUSTED".equals(span.text("rpc.response.status_code")));
    assertThat(collector.all(span -> span.parent().equals(refused.id()))).isEmpty();
  }

  @Test
  void usersAndTokens_areInNoSpan() throws Exception {
    Metadata metadata = recorded();
    metadata.put(TOKEN, "Bearer secretsecret");
    CreateUserRequest ada = Requests.create("Ada Lovelace", "ada@example.org", 36);
    for (int time = 0; time < 2; time++) {
      new AnyCall(SERVICE + "CreateUser", ada).answer(channel, metadata);
    }

    assertThat(collector.await(2, span -> isOfTrace(span) && span.kind() == SERVER))
        .extracting(span -> span.text("rpc.response.status_code"))
        .containsExactlyInAnyOrder("OK", "ALREADY_EXISTS");
    assertThat(collector.await(2, span -> isOfTrace(span) && span.kind() == CLIENT))
        .extracting(Received::name)
        .containsOnly("store create");
    assertThat(collector.bytes()).doesNotContain("secretsecret", "ada@", "Lovelace");
  }

  @Test
  void writesThatAreDoneTogether_haveASpanEach() throws Exception {
    List<String> traces = Stream.generate(TraceCollector::newTrace).limit(20).toList();
    List<CompletableFuture<Void>> calls =
        traces.stream()
            .map(
                one ->
                    CompletableFuture.runAsync(
                        () ->
                            stub(one)
                                .createUser(Requests.create("User", one + "@example.com", 30))))
            .toList();
    for (CompletableFuture<Void> call : calls) {
      call.get(Waits.SECONDS, TimeUnit.SECONDS);
    }

    for (String one : traces) {
      Received call = collector.await(span -> span.trace().equals(one) && span.kind() == SERVER);
      assertThat(collector.await(span -> span.trace().equals(one) && span.kind() == CLIENT))
          .extracting(Received::parent)
          .isEqualTo(call.id());
    }
  }

  @Test
  void callOverGrpcWeb_isASpanToo() throws Exception {
    byte[] message = Requests.get(1).toByteArray();
    byte[] frame = new byte[5 + message.length];
    frame[4] = (byte) message.length;
    System.arraycopy(message, 0, frame, 5, message.length);
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:%d/%sGetUser".formatted(port, SERVICE)))
                    .header("content-type", "application/grpc-web+proto")
                    .header("traceparent", "00-%s-%s-01".formatted(trace, TraceCollector.PARENT))
                    .version(HttpClient.Version.HTTP_1_1)
                    .timeout(Duration.ofSeconds(Waits.SECONDS))
                    .POST(HttpRequest.BodyPublishers.ofByteArray(frame))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);

    Received call = call();
    assertThat(call.name()).isEqualTo(SERVICE + "GetUser");
    assertThat(collector.await(span -> isOfTrace(span) && span.kind() == CLIENT).parent())
        .isEqualTo(call.id());
  }

  @Test
  void client_beginsATraceWithEachCall() throws Exception {
    JavaProcess client =
        JavaProcess.start(
            folder,
            collector.variables(),
            List.of("-Duser-client.addresses=127.0.0.1:" + port, "-Duser-client.scenarios=get"),
            "dev.userservice.ClientVerticle");
    try {
      assertThat(client.exitCode()).as(client::errors).isZero();
    } finally {
      client.kill();
    }

    Received call =
        collector.await(
            span ->
                span.service().equals("user-client") && span.name().equals(SERVICE + "GetUser"));
    assertThat(call.kind()).isEqualTo(CLIENT);
    assertThat(
            collector
                .await(span -> span.trace().equals(call.trace()) && span.kind() == SERVER)
                .parent())
        .isEqualTo(call.id());
  }

  private Code answer(String method, Message request) throws Exception {
    return new AnyCall(SERVICE + method, request).answer(channel, recorded()).code();
  }

  /** The span of the one call of this test. */
  private Received call() throws InterruptedException {
    Received call = collector.await(span -> isOfTrace(span) && span.kind() == SERVER);
    assertThat(collector.all(span -> isOfTrace(span) && span.kind() == SERVER)).hasSize(1);
    return call;
  }

  private boolean isOfTrace(Received span) {
    return span.trace().equals(trace);
  }

  private Metadata recorded() {
    return TraceCollector.context(trace, true);
  }

  private UserServiceBlockingStub stub() {
    return stub(trace);
  }

  private UserServiceBlockingStub stub(String ofTrace) {
    return UserServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(TraceCollector.context(ofTrace, true)));
  }
}
