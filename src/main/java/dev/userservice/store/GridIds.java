package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.infinispan.counter.api.StrongCounter;

/**
 * Ids out of a counter of the whole cluster, a block at a time: they increase on each server, and
 * what a server has not used of its block when it ends is a gap.
 *
 * <p>One caller at a time.
 */
final class GridIds {

  private static final int BLOCK = 1_000;

  private final GridCalls calls;
  private final StrongCounter counter;
  private int next = 1;
  private int last;

  /**
   * @param counter the largest id of any block
   */
  GridIds(GridCalls calls, StrongCounter counter) {
    this.calls = calls;
    this.counter = counter;
  }

  /** The next ids, in order. */
  Future<List<Integer>> take(int count) {
    int missing = count - (last - next + 1);
    if (missing <= 0) {
      return Future.succeededFuture(taken(count, List.of()));
    }
    int size = Math.max(BLOCK, missing);
    return calls
        .make(() -> counter.addAndGet(size))
        .map(
            top -> {
              if (top > Integer.MAX_VALUE) {
                throw new StoreException(Reason.FULL, "there is no id left in the grid");
              }
              List<Integer> rest = taken(last - next + 1, List.of());
              next = (int) (top - size + 1);
              last = (int) (long) top;
              return taken(count - rest.size(), rest);
            });
  }

  /** No id is larger. */
  Future<Integer> largest() {
    return calls.make(counter::getValue).map(value -> (int) Math.min(value, Integer.MAX_VALUE));
  }

  private List<Integer> taken(int count, List<Integer> before) {
    List<Integer> ids = new ArrayList<>(before);
    for (int i = 0; i < count; i++) {
      ids.add(next++);
    }
    return ids;
  }
}
