package dev.userservice.rpc;

import java.util.ArrayList;
import java.util.List;

/**
 * The calls that have a stream: those that are not over, and those whose caller has not yet taken
 * the end. Each knows its place, so that one leaves without a search and without a hash: every call
 * comes and goes through here.
 */
final class OpenCalls {

  private static final int GONE = -1;

  private final ArrayList<Call<?, ?>> calls = new ArrayList<>();

  void add(Call<?, ?> call) {
    call.place = calls.size();
    calls.add(call);
  }

  /** Takes a call out; the last one takes its place. */
  void remove(Call<?, ?> call) {
    if (call.place == GONE) {
      return;
    }
    Call<?, ?> last = calls.remove(calls.size() - 1);
    if (last != call) {
      calls.set(call.place, last);
      last.place = call.place;
    }
    call.place = GONE;
  }

  int size() {
    return calls.size();
  }

  /** Those of this moment; they may leave while somebody goes over them. */
  List<Call<?, ?>> all() {
    return List.copyOf(calls);
  }
}
