package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Writes that come while others are being written go together into the next group, so that a group
 * of any size costs one commit. One group is written at a time, in the order in which its writes
 * came. May be called from any thread.
 */
final class GroupCommit {

  /** One call's users on their way: all of them are created, or none. */
  static final class Write {

    private final List<UserResponse> drafts;
    private final BooleanSupplier abandoned;
    private final long sinceNanos = System.nanoTime();
    private final Promise<List<Integer>> ids = Promise.promise();

    private Write(List<UserResponse> drafts, BooleanSupplier abandoned) {
      this.drafts = drafts;
      this.abandoned = abandoned;
    }

    List<UserResponse> drafts() {
      return drafts;
    }

    /** The users are there to stay: their ids, in the order of the drafts. */
    void done(List<Integer> userIds) {
      ids.complete(userIds);
    }

    void failed(Throwable failure) {
      ids.tryFail(failure);
    }
  }

  private final Vertx vertx;
  private final int mostWaiting;
  private final int groupUsers;
  private final long timeoutNanos;
  private final Function<List<Write>, Future<Void>> writer;

  // All of these under the lock of this.
  private final Queue<Write> queue = new ArrayDeque<>();
  private int waiting;
  private boolean writing;
  private boolean closed;
  private final Promise<Void> drained = Promise.promise();

  /**
   * @param mostWaiting with this many users waiting, no more are taken
   * @param groupUsers the most users of a group, unless a single write has more
   * @param timeoutMillis how long a write may wait for its group
   * @param writer writes a group and says of each of its writes how it ended; when its Future
   *     fails, those of which it has not are failed with that
   */
  GroupCommit(
      Vertx vertx,
      int mostWaiting,
      int groupUsers,
      int timeoutMillis,
      Function<List<Write>, Future<Void>> writer) {
    this.vertx = vertx;
    this.mostWaiting = mostWaiting;
    this.groupUsers = groupUsers;
    this.timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    this.writer = writer;
  }

  /** The ids of users, once they are there to stay; completes on the caller's event loop. */
  Future<List<Integer>> add(List<UserResponse> drafts, BooleanSupplier abandoned) {
    Write write = new Write(drafts, abandoned);
    boolean first;
    synchronized (this) {
      if (closed) {
        return Future.failedFuture(new StoreException(Reason.UNAVAILABLE, "the store is closed"));
      }
      if (waiting >= mostWaiting) {
        return Future.failedFuture(
            new StoreException(Reason.OVERLOADED, waiting + " users wait to be written"));
      }
      queue.add(write);
      waiting += drafts.size();
      first = !writing;
      writing = true;
    }
    Future<List<Integer>> ids = OnCallersLoop.of(vertx, write.ids.future());
    if (first) {
      writeNext();
    }
    return ids;
  }

  /** Takes no more; completes when everything that has been taken is written. */
  Future<Void> close() {
    synchronized (this) {
      closed = true;
      if (!writing) {
        drained.tryComplete();
      }
    }
    return OnCallersLoop.of(vertx, drained.future());
  }

  private void writeNext() {
    List<Write> group = next();
    if (group.isEmpty()) {
      return;
    }
    Future.succeededFuture(group)
        .compose(writer)
        .onComplete(
            end -> {
              if (end.failed()) {
                group.forEach(write -> write.failed(end.cause()));
              }
              writeNext();
            });
  }

  /** The next group; an empty one when nothing waits, and then nothing is being written. */
  private List<Write> next() {
    List<Write> group = new ArrayList<>();
    List<Write> late = new ArrayList<>();
    synchronized (this) {
      int users = 0;
      while (!queue.isEmpty() && (users == 0 || users + queue.peek().drafts.size() <= groupUsers)) {
        Write write = queue.remove();
        waiting -= write.drafts.size();
        if (write.abandoned.getAsBoolean() || isLate(write)) {
          late.add(write);
        } else {
          group.add(write);
          users += write.drafts.size();
        }
      }
      writing = !group.isEmpty();
      if (closed && !writing) {
        drained.tryComplete();
      }
    }
    late.forEach(
        write ->
            write.failed(
                isLate(write)
                    ? new StoreException(Reason.TIMED_OUT, "a write waited too long for its turn")
                    : StoreException.abandoned()));
    return group;
  }

  private boolean isLate(Write write) {
    return System.nanoTime() - write.sinceNanos > timeoutNanos;
  }
}
