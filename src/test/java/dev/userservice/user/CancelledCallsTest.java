package dev.userservice.user;

import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static dev.userservice.kit.Requests.users;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.LogLines;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Callers that cancel, by the thousand, leave nothing behind. */
@Tag("slow")
class CancelledCallsTest {

  private static final int CALLS = 10_000;
  private static final int AT_ONCE = 50;
  private static final long MEGABYTE = 1 << 20;

  @Test
  void cancelledCalls_leaveNothingBehind() throws Exception {
    JsonObject limits = new JsonObject().put("resetsPerSecond", 1_000_000);
    try (RunningServer server = RunningServer.start(2, new JsonObject().put("limits", limits))) {
      Channel channel = server.channel();
      cancelEveryStreamingKind(channel, CALLS / 10);
      awaitNothingOpen(server);
      long heap = usedHeap();
      long direct = usedDirect();

      cancelEveryStreamingKind(channel, CALLS);

      awaitNothingOpen(server);
      assertThat(usedHeap() - heap).as("heap").isLessThan(20 * MEGABYTE);
      assertThat(usedDirect() - direct).as("direct memory").isLessThan(20 * MEGABYTE);
      assertThat(server.blocking().listUsers(list(0, 0)))
          .as("no user was created")
          .toIterable()
          .hasSize(5);
    }
  }

  @Test
  void lostConnections_underLists_areNoErrors() throws Exception {
    try (LogLines errors = LogLines.of("dev.userservice.rpc.Failures");
        RunningServer server = RunningServer.start()) {
      Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
      StreamObserver<CreateUserRequest> requests = server.async().batchCreateUsers(batch);
      users(10_000).forEach(requests::onNext);
      requests.onCompleted();
      assertThat(batch.status().isOk()).isTrue();

      for (int i = 0; i < 20; i++) {
        ManagedChannel channel = server.channel();
        Recorder<ListUsersRequest, UserResponse> list = Recorder.reading();
        UserServiceGrpc.newStub(channel).listUsers(list(0, 0), list);
        list.awaitCount(1);
        channel.shutdownNow();
      }

      awaitNothingOpen(server);
      assertThat(errors.messages()).isEmpty();
    }
  }

  private static void cancelEveryStreamingKind(Channel channel, int calls) throws Exception {
    cancel(channel, UserServiceGrpc.getListUsersMethod(), list(0, 0), calls);
    cancel(channel, UserServiceGrpc.getBatchCreateUsersMethod(), users(1).get(0), calls);
    cancel(channel, UserServiceGrpc.getStreamUsersMethod(), says(1, "hello"), calls);
  }

  /**
   * Starts calls, sends one message in each, and cancels them: some at once, some when answered.
   */
  private static <Q, R> void cancel(
      Channel channel, MethodDescriptor<Q, R> method, Q message, int calls) throws Exception {
    Semaphore places = new Semaphore(AT_ONCE);
    for (int i = 0; i < calls; i++) {
      assertThat(places.tryAcquire(Waits.SECONDS, TimeUnit.SECONDS)).as("calls end").isTrue();
      boolean whenAnswered = i % 2 == 0 && !method.getType().serverSendsOneMessage();
      ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onMessage(R answer) {
              call.cancel("enough", null);
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              places.release();
            }
          },
          new Metadata());
      call.request(1);
      call.sendMessage(message);
      if (!whenAnswered) {
        call.cancel("the test says so", null);
      } else if (method.getType().clientSendsOneMessage()) {
        call.halfClose();
      }
    }
    assertThat(places.tryAcquire(AT_ONCE, Waits.SECONDS, TimeUnit.SECONDS))
        .as("all calls end")
        .isTrue();
  }

  private static void awaitNothingOpen(RunningServer server) throws InterruptedException {
    Waits.until("no call is open", () -> server.openCallsAndMembers() == 0);
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long usedDirect() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
