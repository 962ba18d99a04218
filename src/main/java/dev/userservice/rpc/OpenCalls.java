package dev.userservice.rpc;

import java.util.ArrayList;
import java.util.List;

/**
 * The calls with an open stream: calls that have not ended, and ended calls whose caller has not
 * read their end. Each knows its index, so that one is removed without a search and without a hash.
 */
final class OpenCalls {

  private static final int REMOVED = -1;

  private final ArrayList<Call<?, ?>> calls = new ArrayList<>();

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

  int size() {
    return calls.size();
  }

  /** A copy, because calls may be removed during an iteration. */
  List<Call<?, ?>> all() {
    return List.copyOf(calls);
  }
}
