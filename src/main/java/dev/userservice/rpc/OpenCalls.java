package dev.userservice.rpc;

import io.vertx.core.http.HttpConnection;
import java.util.ArrayList;
import java.util.List;

/**
 * The calls with an open stream: calls that have not ended, and ended calls whose caller has not
 * read their end. Each knows its index, so that one is removed without a search and without a hash.
 */
final class OpenCalls {

  private static final int REMOVED = -1;

  private final ArrayList<Call<?, ?>> calls = new ArrayList<>();

  private final Deadlines deadlines = new Deadlines();

  /** The failure that ends endless calls; null until the server drains. */
  private Throwable draining;

  void add(Call<?, ?> call) {
    call.index = calls.size();
    calls.add(call);
  }

  /** Removes a call; the last one gets its index. */
  void remove(Call<?, ?> call) {
    if (call.index == REMOVED) {
      return;
    }
    Call<?, ?> last = calls.remove(calls.size() - 1);
    if (last != call) {
      calls.set(call.index, last);
      last.index = call.index;
    }
    call.index = REMOVED;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  int size() {
    return calls.size();
  }

  /** Ends every call with a failure. */
  void endAll(Throwable failure) {
    copy().forEach(call -> call.fail(failure));
  }

  /** Ends every call of a connection with a failure. */
  void end(HttpConnection connection, Throwable failure) {
    copy().stream()
        .filter(call -> call.connection() == connection)
        .forEach(call -> call.fail(failure));
  }

  /** Ends every endless call with a failure, and later ones by {@link #endIfDraining}. */
  void endEndless(Throwable failure) {
    draining = failure;
    copy().stream().filter(Call::isEndless).forEach(call -> call.fail(failure));
  }

  void endIfDraining(Call<?, ?> call) {
    if (draining != null && call.isEndless()) {
      call.fail(draining);
    }
  }

  /** Ends calls whose time is over, and resets streams that their callers do not close. */
  void release() {
    long now = System.nanoTime();
    long nowMillis = System.currentTimeMillis();
    copy().forEach(call -> call.release(now, nowMillis));
  }

  /** A copy, because calls may be removed during an iteration. */
  private List<Call<?, ?>> copy() {
    return List.copyOf(calls);
  }
}
