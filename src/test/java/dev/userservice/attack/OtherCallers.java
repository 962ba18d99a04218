package dev.userservice.attack;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ordinary callers during an attack: one on a connection from before it, one on a new connection
 * for each call. They use another address than the attackers.
 */
final class OtherCallers implements AutoCloseable {

  /**
   * The ends of their calls.
   *
   * @param statuses the number of calls by status
   * @param slowestMillis the longest call
   * @param failure the description of the first call that failed, or an empty string
   */
  record Result(Map<Status.Code, Integer> statuses, long slowestMillis, String failure) {

    boolean isGood() {
      return statuses.keySet().equals(Set.of(Status.Code.OK));
    }

    @Override
    public String toString() {
      int all = statuses.values().stream().mapToInt(Integer::intValue).sum();
      int good = statuses.getOrDefault(Status.Code.OK, 0);
      Map<Status.Code, Integer> bad = new TreeMap<>(statuses);
      bad.remove(Status.Code.OK);
      return "%d of %d OK%s, slowest %d ms"
          .formatted(
              good, all, bad.isEmpty() ? "" : " " + bad + " (" + failure + ")", slowestMillis);
    }
  }

  private static final int PAUSE_MILLIS = 50;

  private final Victim victim;
  private final ManagedChannel old;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Map<Status.Code, Integer> statuses = new TreeMap<>();
  private final Thread[] threads;
  private final int[] calls = new int[2];
  private long slowestNanos;
  private String failure = "";

  OtherCallers(Victim victim) throws IOException {
    this.victim = victim;
    old = victim.channel();
    victim.call(old);
    threads = new Thread[] {new Thread(() -> loop(0), "old"), new Thread(() -> loop(1), "new")};
    for (Thread thread : threads) {
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Waits until each has made a number of further calls, good or bad. */
  synchronized void awaitCalls(int count) throws InterruptedException {
    int[] wanted = {calls[0] + count, calls[1] + count};
    while (calls[0] < wanted[0] || calls[1] < wanted[1]) {
      wait();
    }
  }

  synchronized Result result() {
    return new Result(
        new TreeMap<>(statuses), TimeUnit.NANOSECONDS.toMillis(slowestNanos), failure);
  }

  @Override
  public void close() throws InterruptedException {
    stop.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    old.shutdownNow();
  }

  private void loop(int which) {
    try {
      while (!stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
        boolean isNew = which != 0;
        ManagedChannel channel = isNew ? victim.channel() : old;
        long start = System.nanoTime();
        Status status = isNew ? victim.connectAndCall(channel) : victim.call(channel);
        count(which, status, System.nanoTime() - start);
        if (isNew) {
          channel.shutdownNow();
        }
      }
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  private synchronized void count(int which, Status status, long nanos) {
    statuses.merge(status.getCode(), 1, Integer::sum);
    if (!status.isOk() && failure.isEmpty()) {
      failure = (which == 0 ? "old: " : "new: ") + status.getDescription();
    }
    slowestNanos = Math.max(slowestNanos, nanos);
    calls[which]++;
    notifyAll();
  }
}
