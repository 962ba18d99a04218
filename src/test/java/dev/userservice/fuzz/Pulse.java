package dev.userservice.fuzz;

import dev.userservice.kit.Requests;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Calls at short intervals, on connections of their own, to measure how long a call waits. */
final class Pulse implements AutoCloseable {

  /** Much more than a call needs on a busy machine. */
  private static final long MAX_MILLIS = 1_000 * Waits.SECONDS;

  private static final long INTERVAL_MILLIS = 3;
  private static final long DEADLINE_SECONDS = 2 * Waits.SECONDS;

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private int calls;
  private String failure = "";
  private long worstMillis;

  /**
   * @param connections several, since each event loop has some of the connections
   */
  Pulse(int port, int connections) {
    for (int i = 0; i < connections; i++) {
      channels.add(NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build());
    }
    timer.scheduleWithFixedDelay(this::call, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void call() {
    long start = System.nanoTime();
    String failed = "";
    try {
      UserServiceGrpc.newBlockingStub(channels.get(calls++ % channels.size()))
          .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
          .getUser(Requests.get(1));
    } catch (StatusRuntimeException failure) {
      failed = timer.isShutdown() ? "" : "" + failure.getStatus();
    }
    record(System.nanoTime() - start, failed);
  }

  private synchronized void record(long nanos, String failed) {
    worstMillis = Math.max(worstMillis, TimeUnit.NANOSECONDS.toMillis(nanos));
    failure = failed.isEmpty() ? failure : failed;
  }

  /** The faults since the last call. */
  synchronized List<Fault> faults() {
    List<Fault> faults = new ArrayList<>();
    if (!failure.isEmpty()) {
      faults.add(new Fault("call failed beside odd ones", failure));
    }
    if (worstMillis > MAX_MILLIS) {
      faults.add(new Fault("call waited beside odd ones", worstMillis + " ms"));
    }
    failure = "";
    worstMillis = 0;
    return faults;
  }

  int connections() {
    return channels.size();
  }

  @Override
  public void close() {
    timer.shutdownNow();
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
