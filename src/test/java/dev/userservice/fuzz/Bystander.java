package dev.userservice.fuzz;

import com.google.protobuf.Message;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.Requests;
import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** An ordinary caller beside the odd ones, by grpc-java: it must not notice them. */
final class Bystander implements AutoCloseable {

  private static final int DEADLINE_SECONDS = Waits.SECONDS;

  private final int port;
  private final ManagedChannel old;
  private final AtomicLong numbers = new AtomicLong();
  private volatile Throwable chatEnd;

  /** A chat member that reads until the bystander is closed. */
  private final StreamObserver<UserMessage> chat;

  Bystander(int port) {
    this.port = port;
    old = channel(port);
    chat =
        UserServiceGrpc.newStub(old)
            .streamUsers(
                new StreamObserver<>() {
                  @Override
                  public void onNext(UserMessage message) {}

                  @Override
                  public void onError(Throwable failure) {
                    chatEnd = failure;
                  }

                  @Override
                  public void onCompleted() {
                    chatEnd = Status.OK.asException();
                  }
                });
  }

  private static ManagedChannel channel(int port) {
    return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }

  /** The channel from before all odd callers. */
  ManagedChannel channel() {
    return old;
  }

  /** Makes calls of all kinds, on the old connection and on a new one. */
  List<Fault> check() throws InterruptedException {
    List<Fault> faults = new ArrayList<>();
    if (chatEnd != null) {
      faults.add(new Fault("chat of a bystander ended", "" + chatEnd));
    }
    ManagedChannel fresh = channel(port);
    try {
      call("old", old, faults);
      call("new", fresh, faults);
    } finally {
      fresh.shutdownNow().awaitTermination(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }
    return faults;
  }

  private void call(String which, ManagedChannel channel, List<Fault> faults) {
    try {
      checkCalls(channel);
    } catch (Throwable failure) {
      faults.add(
          new Fault("bystander's call failed on its " + which + " connection", "" + failure));
    }
  }

  private void checkCalls(ManagedChannel channel) throws Exception {
    UserServiceBlockingStub stub =
        UserServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    expect("Alice Johnson", stub.getUser(Requests.get(1)).getName());
    List<Integer> ids = new ArrayList<>();
    stub.listUsers(Requests.list(3, 0)).forEachRemaining(user -> ids.add(user.getUserId()));
    expect(List.of(1, 2, 3), ids);
    try {
      stub.createUser(Requests.create("A", "alice@example.com", 1));
      throw new AssertionError("created a user twice");
    } catch (StatusRuntimeException refused) {
      expect(Code.ALREADY_EXISTS, refused.getStatus().getCode());
    }
    UserServiceStub async =
        UserServiceGrpc.newStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> items = async.batchCreateUsers(batch);
    items.onNext(Requests.create("", "", -1));
    items.onCompleted();
    expect(Code.INVALID_ARGUMENT, batch.status().getCode());
    String text = "bystander " + numbers.incrementAndGet();
    Recorder<UserMessage, UserMessage> echo = Recorder.reading();
    StreamObserver<UserMessage> speaker = async.streamUsers(echo);
    speaker.onNext(Requests.says(1, text));
    echo.await(message -> message.getMessage().equals("Server received: " + text));
    speaker.onCompleted();
    expect(Code.OK, echo.status().getCode());
    HealthCheckResponse health =
        ClientCalls.blockingUnaryCall(
            channel,
            method(
                "grpc.health.v1.Health/Check",
                HealthCheckRequest.getDefaultInstance(),
                HealthCheckResponse.getDefaultInstance()),
            CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS),
            HealthCheckRequest.getDefaultInstance());
    expect(HealthCheckResponse.ServingStatus.SERVING, health.getStatus());
  }

  private static void expect(Object right, Object answer) {
    if (!right.equals(answer)) {
      throw new AssertionError(answer + " instead of " + right);
    }
  }

  private static <Q extends Message, R extends Message> MethodDescriptor<Q, R> method(
      String name, Q request, R response) {
    return MethodDescriptor.<Q, R>newBuilder()
        .setFullMethodName(name)
        .setType(MethodType.UNARY)
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(response))
        .build();
  }

  @Override
  public void close() {
    chat.onCompleted();
    old.shutdownNow();
  }
}
