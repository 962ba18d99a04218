package dev.userservice.compare;

import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Streams that are open and say nothing: what they hold of memory, what they take of CPU, and what
 * calls cost beside them. A word from each would go to all others, and what is measured would be
 * what those leave behind; that a server has the streams of a connection is known when it answers a
 * call that came after them, and at the end each has to end well.
 */
final class IdleStreams implements Generator {

  private static final long DEADLINE_SECONDS = 60;

  private final Generator calls;
  private final Memory memory;

  /** Measures the memory that a server uses. */
  interface Memory {
    double megabytes(ServerProcess server) throws Exception;
  }

  /**
   * @param calls makes the load beside the streams
   */
  IdleStreams(Generator calls, Memory memory) {
    this.calls = calls;
    this.memory = memory;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    Listener listener = new Listener(load.inFlight());
    try {
      for (int i = 0; i < load.connections(); i++) {
        channels.add(
            NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .directExecutor()
                .build());
      }
      answered(channels);
      double without = memory.megabytes(server);
      List<StreamObserver<UserMessage>> open = open(channels, load, listener);
      answered(channels);
      double with = memory.megabytes(server);
      Map<String, Double> more = new LinkedHashMap<>();
      more.put("KB a stream", (with - without) * 1_024 / open.size());
      double before = server.cpuSeconds();
      Thread.sleep(Math.round(seconds * 1_000));
      more.put("idle CPU %", (server.cpuSeconds() - before) / seconds * 100);
      Measured beside = calls.run(server, Load.named("get-32"), seconds);
      open.forEach(StreamObserver::onCompleted);
      listener.awaitEnds();
      return new Measured(beside.calls(), beside.seconds(), beside.cpuSeconds(), more);
    } finally {
      for (ManagedChannel channel : channels) {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
      }
    }
  }

  private static List<StreamObserver<UserMessage>> open(
      List<ManagedChannel> channels, Load load, Listener listener) {
    List<StreamObserver<UserMessage>> open = new ArrayList<>();
    for (int i = 0; i < load.inFlight(); i++) {
      open.add(
          UserServiceGrpc.newStub(channels.get(i % channels.size())).streamUsers(listener));
    }
    return open;
  }

  private static void answered(List<ManagedChannel> channels) {
    GetUserRequest request = GetUserRequest.newBuilder().setUserId(1).build();
    for (ManagedChannel channel : channels) {
      UserServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
          .getUser(request);
    }
  }

  /** Of all streams. */
  private static final class Listener implements StreamObserver<UserMessage> {

    private final CountDownLatch ended;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Listener(int streams) {
      ended = new CountDownLatch(streams);
    }

    @Override
    public void onNext(UserMessage message) {
      failure.set(new IllegalStateException("something was said in an idle stream"));
    }

    @Override
    public void onError(Throwable why) {
      failure.set(why);
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      ended.countDown();
    }

    void awaitEnds() throws InterruptedException {
      boolean all = ended.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
      if (!all || failure.get() != null) {
        throw new IllegalStateException(
            failure.get() == null
                ? ended.getCount() + " streams did not end"
                : "a stream failed: " + failure.get().getMessage());
      }
    }
  }
}
