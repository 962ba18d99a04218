package dev.userservice.rpc;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static dev.userservice.kit.Requests.users;
import static dev.userservice.proto.UserServiceGrpcService.BatchCreateUsers;
import static dev.userservice.proto.UserServiceGrpcService.GetUser;
import static dev.userservice.proto.UserServiceGrpcService.ListUsers;
import static dev.userservice.proto.UserServiceGrpcService.StreamUsers;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import com.google.rpc.RetryInfo;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import dev.userservice.proto.UserServiceGrpcService;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.streams.ReadStream;
import io.vertx.grpc.common.GrpcStatus;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls whose handler fails, in each way a handler can. */
class RpcServerTest {

  private final Vertx vertx = Vertx.vertx();
  private LogLines logged;
  private ManagedChannel channel;

  @AfterEach
  void stop() {
    if (logged != null) {
      logged.close();
    }
    channel.shutdownNow();
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void unexpectedFailure_isInternal_withAnIdThatIsLogged() throws Exception {
    expectErrorLog();
    UserServiceStub stub =
        serve(
            service ->
                service.unary(GetUser, request -> Future.failedFuture("secret of the house")));

    Status status = unary(stub);

    assertThat(status.getCode()).isEqualTo(Code.INTERNAL);
    assertThat(status.getDescription()).matches("internal error, id [0-9a-f]{8}");
    String id = status.getDescription().substring("internal error, id ".length());
    assertThat(logged.records()).hasSize(1);
    assertThat(logged.records().get(0).getMessage())
        .contains(id)
        .contains("users.v1.UserService/GetUser");
    assertThat(logged.records().get(0).getThrown()).hasMessage("secret of the house");
  }

  @Test
  void handler_thatThrows() throws Exception {
    expectErrorLog();
    UserServiceStub stub =
        serve(
            service ->
                service
                    .unary(
                        GetUser,
                        request -> {
                          throw new StackOverflowError();
                        })
                    .clientStreaming(
                        BatchCreateUsers,
                        requests -> {
                          requests.handler(
                              request -> {
                                throw new IllegalStateException("in the middle");
                              });
                          return Promise.<BatchCreateResponse>promise().future();
                        })
                    .bidirectional(
                        StreamUsers,
                        (in, out) -> {
                          throw new IllegalStateException("at the door");
                        }));

    assertThat(unary(stub).getCode()).isEqualTo(Code.INTERNAL);
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    stub.batchCreateUsers(batch).onNext(users(1).get(0));
    assertThat(batch.status().getCode()).isEqualTo(Code.INTERNAL);
    Recorder<UserMessage, UserMessage> chat = Recorder.reading();
    stub.streamUsers(chat);
    assertThat(chat.status().getCode()).isEqualTo(Code.INTERNAL);
  }

  @Test
  void knownFailure_isItsStatusAndNotLogged() throws Exception {
    expectErrorLog();
    RpcException known =
        new RpcException(
            new RpcStatus(GrpcStatus.FAILED_PRECONDITION, "R", "nicht m\u00f6glich, 100 %"));
    UserServiceStub stub =
        serve(service -> service.unary(GetUser, request -> Future.failedFuture(known)));

    Status status = unary(stub);

    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(status.getDescription()).isEqualTo("nicht m\u00f6glich, 100 %");
    assertThat(logged.records()).isEmpty();
  }

  @Test
  void responseStream_thatFailsMidway_doesNotLookComplete() throws Exception {
    expectErrorLog();
    UserServiceStub stub =
        serve(
            service -> service.serverStreaming(ListUsers, (request, call) -> new TwoThenFailure()));

    Recorder<ListUsersRequest, UserResponse> users = Recorder.reading();
    stub.listUsers(list(0, 0), users);

    assertThat(users.status().getCode()).isEqualTo(Code.INTERNAL);
    assertThat(users.messages()).hasSize(2);
  }

  @Test
  void caller_thatCancels_failsTheStreamThatTheHandlerReads() throws Exception {
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    CompletableFuture<Void> begun = new CompletableFuture<>();
    UserServiceStub stub =
        serve(
            service ->
                service.clientStreaming(
                    BatchCreateUsers,
                    requests -> {
                      requests.exceptionHandler(told::complete).handler(r -> begun.complete(null));
                      return Promise.<BatchCreateResponse>promise().future();
                    }));

    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    stub.batchCreateUsers(batch).onNext(users(1).get(0));
    begun.get(Waits.SECONDS, TimeUnit.SECONDS);
    batch.cancel();

    assertThat(told.get(Waits.SECONDS, TimeUnit.SECONDS)).isInstanceOf(RpcException.class);
  }

  @Test
  void caller_thatDisconnects_failsTheStreamThatTheHandlerReads() throws Exception {
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    CompletableFuture<Void> begun = new CompletableFuture<>();
    UserServiceStub stub =
        serve(
            service ->
                service.bidirectional(
                    StreamUsers,
                    (in, out) -> {
                      in.exceptionHandler(told::complete).handler(r -> begun.complete(null));
                      return Promise.<Void>promise().future();
                    }));

    Recorder<UserMessage, UserMessage> chat = Recorder.reading();
    stub.streamUsers(chat).onNext(says(1, "hello"));
    begun.get(Waits.SECONDS, TimeUnit.SECONDS);
    channel.shutdownNow();

    assertThat(told.get(Waits.SECONDS, TimeUnit.SECONDS)).isInstanceOf(RpcException.class);
  }

  @Test
  void messages_exactlyOneIsRequired() throws Exception {
    UserServiceStub stub =
        serve(
            service ->
                service.unary(
                    GetUser, request -> Future.succeededFuture(UserResponse.getDefaultInstance())));

    assertThat(getUserAsStream(stub, 0).getDescription()).contains("exactly one message, but none");
    assertThat(getUserAsStream(stub, 2).getDescription()).contains("but more than one");
    assertThat(getUserAsStream(stub, 1).getCode()).isEqualTo(Code.OK);
  }

  /** Calls GetUser as if it were a client stream. */
  private static Status getUserAsStream(UserServiceStub stub, int messages) throws Exception {
    var asStream =
        UserServiceGrpc.getGetUserMethod().toBuilder().setType(MethodType.BIDI_STREAMING).build();
    Recorder<GetUserRequest, UserResponse> recorder = Recorder.reading();
    StreamObserver<GetUserRequest> requests =
        ClientCalls.asyncBidiStreamingCall(
            stub.getChannel().newCall(asStream, stub.getCallOptions()), recorder);
    for (int i = 0; i < messages; i++) {
      requests.onNext(get(1));
    }
    requests.onCompleted();
    return recorder.status();
  }

  private static Status unary(UserServiceStub stub) throws Exception {
    Recorder<GetUserRequest, UserResponse> user = Recorder.reading();
    stub.getUser(get(1), user);
    return user.status();
  }

  /** grpc-java waits for the delay that the server sets, not for its own 1,000 s. */
  @Test
  void retryInfo_isObeyedByAClientWithARetryPolicy() throws Exception {
    RetryInfo soon = RetryInfo.newBuilder().setRetryDelay(Durations.fromMillis(10)).build();
    RpcException busy =
        new RpcException(new RpcStatus(GrpcStatus.ABORTED, "BUSY", "try again", List.of(soon)));
    AtomicInteger tries = new AtomicInteger();
    UserServiceStub stub =
        serve(
            service ->
                service.unary(
                    GetUser,
                    request ->
                        tries.incrementAndGet() == 1
                            ? Future.failedFuture(busy)
                            : Future.succeededFuture(UserResponse.getDefaultInstance())));

    assertThat(unary(stub).getCode()).isEqualTo(Code.OK);
    assertThat(tries).hasValue(2);
  }

  private static Map<String, ?> retryAfter1000Seconds() {
    Map<String, ?> policy =
        Map.of(
            "maxAttempts",
            2d,
            "initialBackoff",
            "1000s",
            "maxBackoff",
            "1000s",
            "backoffMultiplier",
            1d,
            "retryableStatusCodes",
            List.of("ABORTED"));
    return Map.of(
        "methodConfig",
        List.of(
            Map.of(
                "name",
                List.of(Map.of("service", UserServiceGrpc.SERVICE_NAME, "method", "GetUser")),
                "retryPolicy",
                policy)));
  }

  private UserServiceStub serve(Consumer<RpcService> handlers) {
    CompletableFuture<Integer> port = new CompletableFuture<>();
    vertx
        .getOrCreateContext()
        .runOnContext(
            turn -> {
              RpcServer rpc =
                  new RpcServer(vertx, "test", 4 * 1024 * 1024, 30_000, false, failure -> null);
              RpcService service =
                  rpc.service(
                      UserServiceGrpcService.SERVICE_NAME,
                      UserServiceGrpcService.SERVICE_DESCRIPTOR);
              handlers.accept(service);
              service.bind();
              vertx
                  .createHttpServer()
                  .requestHandler(rpc)
                  .listen(0, "127.0.0.1")
                  .onSuccess(server -> port.complete(server.actualPort()))
                  .onFailure(port::completeExceptionally);
            });
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port.join())
            .usePlaintext()
            .defaultServiceConfig(retryAfter1000Seconds())
            .build();
    return UserServiceGrpc.newStub(channel).withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS);
  }

  private void expectErrorLog() {
    logged = LogLines.of(Failures.class.getName());
  }

  /** Delivers two users and fails. */
  private static final class TwoThenFailure implements ReadStream<UserResponse> {

    private Handler<Throwable> exceptionHandler;

    @Override
    public TwoThenFailure handler(Handler<UserResponse> handler) {
      if (handler != null) {
        handler.handle(UserResponse.getDefaultInstance());
        handler.handle(UserResponse.getDefaultInstance());
        exceptionHandler.handle(new IllegalStateException("midway"));
      }
      return this;
    }

    @Override
    public TwoThenFailure exceptionHandler(Handler<Throwable> handler) {
      exceptionHandler = handler;
      return this;
    }

    @Override
    public TwoThenFailure pause() {
      return this;
    }

    @Override
    public TwoThenFailure resume() {
      return this;
    }

    @Override
    public TwoThenFailure fetch(long amount) {
      return this;
    }

    @Override
    public TwoThenFailure endHandler(Handler<Void> endHandler) {
      return this;
    }
  }
}
