package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.userservice.kit.Waits;
import io.grpc.testing.integration.EmptyProtos.Empty;
import io.grpc.testing.integration.Messages.EchoStatus;
import io.grpc.testing.integration.Messages.Payload;
import io.grpc.testing.integration.Messages.ResponseParameters;
import io.grpc.testing.integration.Messages.SimpleRequest;
import io.grpc.testing.integration.Messages.SimpleResponse;
import io.grpc.testing.integration.Messages.StreamingInputCallRequest;
import io.grpc.testing.integration.Messages.StreamingInputCallResponse;
import io.grpc.testing.integration.Messages.StreamingOutputCallRequest;
import io.grpc.testing.integration.Messages.StreamingOutputCallResponse;
import io.grpc.testing.integration.Test;
import io.grpc.testing.integration.TestServiceClient;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The standard gRPC interoperability client (grpc/doc/interop-test-descriptions.md) against its
 * TestService, bound through this room.
 *
 * <p>Left out are the cases that need Google's cloud (credentials), an ORCA load balancer, and the
 * cases that grpc-java's own server does not pass: cacheable_unary (a GET) and client_compressed_*
 * with the probe.
 */
@Timeout(Waits.TEST_SECONDS)
class InteropTest {

  private static final Vertx VERTX = Vertx.vertx();
  private static final ServiceName NAME = ServiceName.create("grpc.testing.TestService");
  private static final String ECHO_INITIAL = "x-grpc-test-echo-initial";
  private static final String ECHO_TRAILING = "x-grpc-test-echo-trailing-bin";

  private static int port;

  @BeforeAll
  static void serve() {
    CompletableFuture<Integer> listening = new CompletableFuture<>();
    VERTX
        .getOrCreateContext()
        .runOnContext(
            turn -> {
              RpcServer rpc = new RpcServer(VERTX, "test", 16 << 20, 30_000, true, failure -> null);
              rpc.intercept(InteropTest::echoMetadata);
              bind(rpc);
              VERTX
                  .createHttpServer()
                  .requestHandler(rpc)
                  .listen(0, "127.0.0.1")
                  .onSuccess(server -> listening.complete(server.actualPort()))
                  .onFailure(listening::completeExceptionally);
            });
    port = listening.join();
  }

  @AfterAll
  static void stop() {
    VERTX.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "empty_unary",
        "large_unary",
        "client_compressed_unary_noprobe",
        "server_compressed_unary",
        "client_streaming",
        "client_compressed_streaming_noprobe",
        "server_streaming",
        "server_compressed_streaming",
        "ping_pong",
        "empty_stream",
        "custom_metadata",
        "status_code_and_message",
        "special_status_message",
        "unimplemented_method",
        "unimplemented_service",
        "cancel_after_begin",
        "cancel_after_first_response",
        "timeout_on_sleeping_server",
        "very_large_request",
        "pick_first_unary",
        "rpc_soak",
        "channel_soak"
      })
  void testCase(String name) throws Exception {
    TestServiceClient client = new TestServiceClient();
    String[] arguments = {
      "--server_host=127.0.0.1",
      "--server_port=" + port,
      "--use_tls=false",
      "--test_case=" + name,
      "--soak_iterations=10"
    };
    call(client, "parseArgs", new Class<?>[] {String[].class}, (Object) arguments);
    call(client, "setUp", new Class<?>[0]);
    try {
      Class<?> cases = Class.forName("io.grpc.testing.integration.TestCases");
      Object testCase = cases.getField(name.toUpperCase(Locale.ROOT)).get(null);
      assertThatCode(() -> call(client, "runTest", new Class<?>[] {cases}, testCase))
          .doesNotThrowAnyException();
    } finally {
      call(client, "tearDown", new Class<?>[0]);
    }
  }

  /** Each protocol has a place of its own for the metadata of the end. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          application/json          | UnaryCall           | trailer-x-grpc-test-echo-trailing-bin
          application/connect+json  | StreamingOutputCall | "metadata":{"x-grpc-test-echo-trailing-bin":["AAEC"]}
          application/grpc-web+json | UnaryCall           | x-grpc-test-echo-trailing-bin:AAEC
          """)
  void metadata_inBothDirections(String type, String method, String trailer) throws Exception {
    byte[] json = "{\"response_size\": 1}".getBytes(StandardCharsets.UTF_8);
    if (method.equals("StreamingOutputCall")) {
      json = "{\"response_parameters\": [{\"size\": 1}]}".getBytes(StandardCharsets.UTF_8);
    }
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:%d/%s/%s".formatted(port, NAME.fullyQualifiedName(), method)))
            .timeout(Duration.ofSeconds(Waits.SECONDS))
            .header("content-type", type)
            .header(ECHO_INITIAL, "initial")
            .header(ECHO_TRAILING, "AAEC")
            .POST(
                BodyPublishers.ofByteArray(
                    type.equals("application/json") ? json : Frames.frame(0, json)))
            .build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue(ECHO_INITIAL)).hasValue("initial");
    if (type.equals("application/json")) {
      assertThat(answer.headers().firstValue(trailer)).hasValue("AAEC");
    } else {
      assertThat(answer.body()).contains(trailer);
    }
  }

  /** Replaces its main, which would end the JVM. */
  private static void call(Object target, String name, Class<?>[] types, Object... arguments)
      throws Exception {
    Method method = target.getClass().getDeclaredMethod(name, types);
    method.setAccessible(true);
    try {
      method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    }
  }

  private static Future<Void> echoMetadata(CallInfo call) {
    if (call.headers().contains(ECHO_INITIAL)) {
      call.responseHeaders().set(ECHO_INITIAL, call.headers().get(ECHO_INITIAL));
    }
    if (call.headers().contains(ECHO_TRAILING)) {
      call.responseTrailers().set(ECHO_TRAILING, call.headers().get(ECHO_TRAILING));
    }
    return Future.succeededFuture();
  }

  private static void bind(RpcServer rpc) {
    rpc.service(NAME, Test.getDescriptor().findServiceByName("TestService"))
        .unary(
            method("EmptyCall", Empty.getDefaultInstance()),
            request -> Future.succeededFuture(Empty.getDefaultInstance()))
        .unary(method("UnaryCall", SimpleRequest.getDefaultInstance()), InteropTest::unary)
        .serverStreaming(
            method("StreamingOutputCall", StreamingOutputCallRequest.getDefaultInstance()),
            (request, call) -> {
              Outputs outputs = new Outputs();
              outputs.add(request);
              outputs.finish();
              return outputs;
            })
        .clientStreaming(
            method("StreamingInputCall", StreamingInputCallRequest.getDefaultInstance()),
            InteropTest::sum)
        .bidirectional(
            method("FullDuplexCall", StreamingOutputCallRequest.getDefaultInstance()),
            InteropTest::duplex)
        .bind();
  }

  private static Future<SimpleResponse> unary(SimpleRequest request) {
    refuse(request.getResponseStatus());
    return Future.succeededFuture(
        SimpleResponse.newBuilder().setPayload(payload(request.getResponseSize())).build());
  }

  private static Future<StreamingInputCallResponse> sum(ReadStream<StreamingInputCallRequest> in) {
    Promise<StreamingInputCallResponse> result = Promise.promise();
    int[] size = new int[1];
    in.exceptionHandler(result::tryFail)
        .endHandler(
            end ->
                result.tryComplete(
                    StreamingInputCallResponse.newBuilder()
                        .setAggregatedPayloadSize(size[0])
                        .build()))
        .handler(request -> size[0] += request.getPayload().getBody().size());
    return result.future();
  }

  private static Future<Void> duplex(
      ReadStream<StreamingOutputCallRequest> in, WriteStream<StreamingOutputCallResponse> out) {
    Outputs outputs = new Outputs();
    in.exceptionHandler(gone -> outputs.handler(null))
        .endHandler(end -> outputs.finish())
        .handler(
            request -> {
              refuse(request.getResponseStatus());
              outputs.add(request);
            });
    return outputs.pipe().endOnComplete(false).to(out);
  }

  private static void refuse(EchoStatus status) {
    if (status.getCode() != 0) {
      throw new RpcException(
          new RpcStatus(GrpcStatus.valueOf(status.getCode()), "ECHO", status.getMessage()));
    }
  }

  private static Payload payload(int size) {
    return Payload.newBuilder().setBody(ByteString.copyFrom(new byte[size])).build();
  }

  private static <Q extends Message, R extends Message> ServiceMethod<Q, R> method(
      String name, Q request) {
    return ServiceMethod.server(
        NAME, name, GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(request));
  }

  /** Responses with the sizes and pauses in the requests. */
  private static final class Outputs implements ReadStream<StreamingOutputCallResponse> {

    private final Queue<ResponseParameters> waiting = new ArrayDeque<>();
    private Handler<StreamingOutputCallResponse> handler;
    private Handler<Void> endHandler;
    private boolean finished;
    private boolean ended;
    private boolean sleeping;
    private long demand = Long.MAX_VALUE;

    void add(StreamingOutputCallRequest request) {
      waiting.addAll(request.getResponseParametersList());
      send();
    }

    void finish() {
      finished = true;
      send();
    }

    private void send() {
      while (handler != null && demand > 0 && !sleeping && !waiting.isEmpty()) {
        long millis = waiting.peek().getIntervalUs() / 1_000;
        if (millis > 0) {
          sleeping = true;
          VERTX.setTimer(
              millis,
              awake -> {
                sleeping = false;
                give();
                send();
              });
          return;
        }
        give();
      }
      if (finished && !ended && waiting.isEmpty() && !sleeping && endHandler != null) {
        ended = true;
        endHandler.handle(null);
      }
    }

    private void give() {
      if (handler != null) {
        demand = demand == Long.MAX_VALUE ? demand : demand - 1;
        handler.handle(
            StreamingOutputCallResponse.newBuilder()
                .setPayload(payload(waiting.remove().getSize()))
                .build());
      }
    }

    @Override
    public Outputs handler(Handler<StreamingOutputCallResponse> handler) {
      this.handler = handler;
      send();
      return this;
    }

    @Override
    public Outputs pause() {
      demand = 0;
      return this;
    }

    @Override
    public Outputs resume() {
      return fetch(Long.MAX_VALUE);
    }

    @Override
    public Outputs fetch(long amount) {
      demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
      send();
      return this;
    }

    @Override
    public Outputs endHandler(Handler<Void> endHandler) {
      this.endHandler = endHandler;
      return this;
    }

    @Override
    public Outputs exceptionHandler(Handler<Throwable> exceptionHandler) {
      return this;
    }
  }
}
