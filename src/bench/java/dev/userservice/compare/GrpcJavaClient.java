package dev.userservice.compare;

import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A client of grpc-java that makes the calls of LoadVerticle's {@code get}, and reports them in the
 * same form. Its arguments: {@code direct} or {@code pool}, the port, the connections, the calls at a
 * time on each, the seconds of warm-up, the measured seconds, the file for the report. Uses no class
 * of the tests' libraries.
 */
final class GrpcJavaClient {

  private static final int USERS = 1_000;
  private static final int DEADLINE_SECONDS = 30;
  private static final int STOP_SECONDS = 10;

  private final List<UserResponse> users = new ArrayList<>();
  private final LongAdder answered = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile boolean over;

  private GrpcJavaClient() {}

  public static void main(String[] args) throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      NettyChannelBuilder channel =
          NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(args[1])).usePlaintext();
      if (args[0].equals("direct")) {
        channel.directExecutor();
      }
      channels.add(channel.build());
    }
    String report =
        new GrpcJavaClient()
            .run(
                channels,
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]),
                Integer.parseInt(args[5]));
    Files.writeString(Path.of(args[6]), report);
    for (ManagedChannel channel : channels) {
      channel.shutdownNow().awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  private String run(List<ManagedChannel> channels, int streams, int warmUpSeconds, int seconds)
      throws InterruptedException {
    UserServiceGrpc.newBlockingStub(channels.get(0))
        .listUsers(ListUsersRequest.newBuilder().setLimit(USERS).build())
        .forEachRemaining(users::add);
    int turn = 0;
    for (Channel channel : channels) {
      for (int i = 0; i < streams; i++) {
        new Caller(channel, turn++ % users.size()).call();
      }
    }
    TimeUnit.SECONDS.sleep(warmUpSeconds);
    long before = answered.sum();
    long start = System.nanoTime();
    TimeUnit.SECONDS.sleep(seconds);
    long calls = answered.sum() - before;
    double took = (System.nanoTime() - start) / 1e9;
    over = true;
    return String.format(
        Locale.ROOT,
        "{\"loads\": [{\"callsPerSecond\": %.3f, \"seconds\": %.3f, \"failed\": %d}]}",
        calls / took,
        took,
        failed.sum());
  }

  /** Makes one call after the other, round-robin through the users. */
  private final class Caller implements StreamObserver<UserResponse> {

    private final UserServiceGrpc.UserServiceStub stub;
    private int turn;
    private UserResponse asked;

    Caller(Channel channel, int turn) {
      stub = UserServiceGrpc.newStub(channel);
      this.turn = turn;
    }

    void call() {
      turn = turn + 1 < users.size() ? turn + 1 : 0;
      asked = users.get(turn);
      stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
          .getUser(GetUserRequest.newBuilder().setUserId(asked.getUserId()).build(), this);
    }

    @Override
    public void onNext(UserResponse user) {
      if (user.getUserId() != asked.getUserId() || !user.getEmail().equals(asked.getEmail())) {
        failed.increment();
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (!over) {
        failed.increment();
        call();
      }
    }

    @Override
    public void onCompleted() {
      answered.increment();
      if (!over) {
        call();
      }
    }
  }
}
