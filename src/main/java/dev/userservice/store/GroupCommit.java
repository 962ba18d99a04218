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
 * Groups writes, so that many of them cost one commit: all that arrive while a group is being
 * written form the next. One group is written at a time, in the order of arrival. May be called
 * from any thread.
 */
final class GroupCommit {

  /** The users of one call, of which all are created, or none. */
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

    /** Called when the users are committed, with their ids in the order of the drafts. */
    void done(List<Integer> userIds) {
      ids.complete(userIds);
    }

    void failed(Throwable failure) {
      ids.tryFail(failure);
    }
  }

  private final Vertx vertx;
  private final int queueSize;
  private final int groupUsers;
  private final long timeoutNanos;
  private final Function<List<Write>, Future<Void>> writer;

  // Guarded by this.
  private final Queue<Write> queue = new ArrayDeque<>();
  private int waiting;
  private boolean writing;
  private boolean closed;
  private final Promise<Void> drained = Promise.promise();

  /**
   * @param queueSize the max number of waiting users; further writes fail as OVERLOADED
   * @param groupUsers the max number of users in a group, unless a single write has more
   * @param timeoutMillis the max time that a write waits for its group
   * @param writer writes a group, and completes or fails each of its writes; when its Future fails,
   *     so do the writes that are still open
   */
  GroupCommit(
      Vertx vertx,
      int queueSize,
      int groupUsers,
      int timeoutMillis,
      Function<List<Write>, Future<Void>> writer) {
    this.vertx = vertx;
    this.queueSize = queueSize;
    this.groupUsers = groupUsers;
    this.timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    this.writer = writer;
  }

  /** Returns the ids of users once they are committed; completes on the caller's event loop. */
  Future<List<Integer>> add(List<UserResponse> drafts, BooleanSupplier abandoned) {
    Write write = new Write(drafts, abandoned);
    boolean first;
    synchronized (this) {
      if (closed) {
        return Future.failedFuture(new StoreException(Reason.UNAVAILABLE, "the store is closed"));
      }
      if (waiting >= queueSize) {
        return Future.failedFuture(
            new StoreException(
                Reason.OVERLOADED,
                "the queue of the store is full: " + waiting + " users wait to be written"));
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

  /** Rejects further writes; completes when all accepted ones are written. */
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

  /** Returns the next group; an empty one, which ends the writing, when no write waits. */
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
                    ? new StoreException(
                        Reason.TIMED_OUT, "a write waited too long in the queue of the store")
                    : StoreException.abandoned()));
    return group;
  }

  private boolean isLate(Write write) {
    return System.nanoTime() - write.sinceNanos > timeoutNanos;
  }
}
