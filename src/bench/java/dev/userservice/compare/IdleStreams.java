package dev.userservice.compare;

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
 * calls cost beside them. Each says one word first, so that the server has it.
 */
final class IdleStreams implements Generator {

  private static final long OPEN_SECONDS = 180;

  private static final int SETTLE_MILLIS = 500;

  /** Of a CPU; with less than this, what was said has come to all. */
  private static final double QUIET = 0.1;

  private final Generator calls;

  /**
   * @param calls makes the load beside the streams
   */
  IdleStreams(Generator calls) {
    this.calls = calls;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    try {
      for (int i = 0; i < load.connections(); i++) {
        channels.add(
            NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .directExecutor()
                .build());
      }
      double memory = server.residentMegabytes();
      CountDownLatch ended = new CountDownLatch(load.inFlight());
      List<StreamObserver<UserMessage>> open = open(channels, load, ended);
      settle(server);
      Map<String, Double> more = new LinkedHashMap<>();
      more.put("KB a stream", (server.residentMegabytes() - memory) * 1_024 / open.size());
      double before = server.cpuSeconds();
      Thread.sleep(Math.round(seconds * 1_000));
      more.put("idle CPU %", (server.cpuSeconds() - before) / seconds * 100);
      Measured beside = calls.run(server, Load.named("get-32"), seconds);
      open.forEach(StreamObserver::onCompleted);
      ended.await(OPEN_SECONDS, TimeUnit.SECONDS);
      return new Measured(beside.calls(), beside.seconds(), beside.cpuSeconds(), more);
    } finally {
      for (ManagedChannel channel : channels) {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
      }
    }
  }

  /** Waits until the server has passed on to all streams what each has said. */
  private static void settle(ServerProcess server) throws Exception {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPEN_SECONDS);
    double before;
    do {
      before = server.cpuSeconds();
      Thread.sleep(SETTLE_MILLIS);
    } while ((server.cpuSeconds() - before) * 1_000 / SETTLE_MILLIS > QUIET
        && System.nanoTime() < giveUp);
  }

  private static List<StreamObserver<UserMessage>> open(
      List<ManagedChannel> channels, Load load, CountDownLatch ended) throws InterruptedException {
    CountDownLatch answered = new CountDownLatch(load.inFlight());
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<StreamObserver<UserMessage>> open = new ArrayList<>();
    UserMessage word = UserMessage.newBuilder().setUserId(1).setMessage("Hello").build();
    for (int i = 0; i < load.inFlight(); i++) {
      StreamObserver<UserMessage> said =
          UserServiceGrpc.newStub(channels.get(i % channels.size()))
              .streamUsers(new Listener(answered, ended, failure));
      said.onNext(word);
      open.add(said);
    }
    boolean all = answered.await(OPEN_SECONDS, TimeUnit.SECONDS);
    if (!all || failure.get() != null) {
      throw new IllegalStateException(
          answered.getCount() + " streams did not open", failure.get());
    }
    return open;
  }

  /** Waits for the answer of the server, and reads on what others say. */
  private static final class Listener implements StreamObserver<UserMessage> {

    private final CountDownLatch answered;
    private final CountDownLatch ended;
    private final AtomicReference<Throwable> failure;
    private boolean heard;

    Listener(
        CountDownLatch answered, CountDownLatch ended, AtomicReference<Throwable> failure) {
      this.answered = answered;
      this.ended = ended;
      this.failure = failure;
    }

    @Override
    public void onNext(UserMessage message) {
      if (!heard && message.getUserId() == 0) {
        heard = true;
        answered.countDown();
      }
    }

    @Override
    public void onError(Throwable why) {
      if (!heard) {
        failure.set(why);
      }
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      ended.countDown();
    }
  }
}
