package dev.userservice.kit;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Keeps what a stream brings, and how it ends; a test waits for either, never for time to pass. */
public final class Recorder<Q, R> implements ClientResponseObserver<Q, R> {

  private final boolean reads;
  private final List<R> messages = new ArrayList<>();
  private final CompletableFuture<Throwable> end = new CompletableFuture<>();
  private ClientCallStreamObserver<Q> call;

  private Recorder(boolean reads) {
    this.reads = reads;
  }

  /** Takes messages as they come. */
  public static <Q, R> Recorder<Q, R> reading() {
    return new Recorder<>(true);
  }

  /** Takes only the messages that {@link #request} asks for. */
  public static <Q, R> Recorder<Q, R> stalled() {
    return new Recorder<>(false);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> call) {
    this.call = call;
    if (!reads) {
      call.disableAutoRequestWithInitial(0);
    }
  }

  public void request(int count) {
    call.request(count);
  }

  public void cancel() {
    call.cancel("the test says so", null);
  }

  @Override
  public synchronized void onNext(R message) {
    messages.add(message);
    notifyAll();
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(failure);
  }

  @Override
  public void onCompleted() {
    end.complete(null);
  }

  /** The messages received so far. */
  public synchronized List<R> messages() {
    return List.copyOf(messages);
  }

  /** Waits until a message has come that fits. */
  public synchronized R await(Predicate<R> fits) throws InterruptedException {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    int seen = 0;
    while (true) {
      for (; seen < messages.size(); seen++) {
        if (fits.test(messages.get(seen))) {
          return messages.get(seen);
        }
      }
      long left = TimeUnit.NANOSECONDS.toMillis(giveUp - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("no such message came in time, only " + messages);
      }
      wait(left);
    }
  }

  public synchronized void awaitCount(int count) throws InterruptedException {
    await(message -> messages.size() >= count);
  }

  /** Waits for the end of the stream: OK, or the status that it failed with. */
  public Status status() throws Exception {
    Throwable failure = end.get(Waits.SECONDS, TimeUnit.SECONDS);
    return failure == null ? Status.OK : Status.fromThrowable(failure);
  }

  /** Waits for the stream to fail. */
  public StatusRuntimeException failure() throws Exception {
    Throwable failure = end.get(Waits.SECONDS, TimeUnit.SECONDS);
    if (failure instanceof StatusRuntimeException status) {
      return status;
    }
    throw new AssertionError("the stream ended OK with " + messages());
  }
}
