package dev.userservice.store;

import io.vertx.core.Future;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.infinispan.Cache;

/**
 * Which writes of the grid stand. A write is listed while it is under way; taking it off the list
 * is one atomic step on one key, and makes everything that bears its number count, at once. A write
 * that somebody else has given up stays listed as that, so that whoever was slow to write it cannot
 * make it count any more.
 */
final class GridWrites {

  /** What has become of a write. */
  enum State {
    UNDER_WAY,
    GIVEN_UP,
    STANDS
  }

  private static final String GIVEN_UP = "given up";

  /** Numbers that are known to stand. */
  private static final int MOST_KNOWN = 100_000;

  /**
   * Longer than any write takes, by the clock of the one who looks. Clocks that differ by more cost
   * a write its life, but nobody else anything.
   */
  private static final long LONGEST_MILLIS = 30_000;

  private final GridCalls calls;
  private final Cache<Long, String> listed;
  private final String self;

  /** Since when they are, by {@link System#nanoTime}. */
  private final Map<Long, Long> known =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
              return size() > MOST_KNOWN;
            }
          });

  GridWrites(GridCalls calls, Cache<Long, String> listed) {
    this.calls = calls;
    this.listed = listed;
    this.self = listed.getCacheManager().getAddress().toString();
  }

  /** Lists a write as under way. */
  Future<String> begin(long write) {
    String entry = self + " " + System.currentTimeMillis();
    return calls.make(() -> listed.putAsync(write, entry)).map(entry);
  }

  /**
   * Makes a write stand; false when somebody has given it up. When an answer is lost it asks again,
   * and gives the write up if it does not stand by then.
   */
  Future<Boolean> stand(long write, String entry) {
    return calls
        .make(() -> listed.removeAsync(write, entry))
        .recover(lost -> giveUp(write, entry).map(false))
        // Somebody else only ever puts another word there: when there is none, this was it.
        .compose(done -> done ? Future.succeededFuture(true) : isStanding(write))
        .onSuccess(
            stands -> {
              if (stands) {
                known.put(write, System.nanoTime());
              }
            });
  }

  private Future<Boolean> isStanding(long write) {
    return calls.make(() -> listed.getAsync(write)).map(Objects::isNull);
  }

  /** Gives up a write that is under way; true when it never will stand. */
  Future<Boolean> giveUp(long write, String entry) {
    return calls.make(() -> listed.replaceAsync(write, entry, GIVEN_UP));
  }

  /** Takes a write off that nothing bears the number of. */
  Future<Void> forget(long write, String entry) {
    return calls.make(() -> listed.removeAsync(write, entry)).mapEmpty();
  }

  /**
   * What has become of a write of another; one whose server is gone, or that takes longer than any
   * write does, is given up.
   */
  Future<State> state(long write) {
    if (known.containsKey(write)) {
      return Future.succeededFuture(State.STANDS);
    }
    return calls
        .make(() -> listed.getAsync(write))
        .compose(
            entry -> {
              if (entry == null) {
                known.put(write, System.nanoTime());
                return Future.succeededFuture(State.STANDS);
              }
              if (entry.equals(GIVEN_UP)) {
                return Future.succeededFuture(State.GIVEN_UP);
              }
              return isDead(entry)
                  ? giveUp(write, entry).compose(done -> state(write))
                  : Future.succeededFuture(State.UNDER_WAY);
            });
  }

  /** Of some writes those that stand, and since when that is known, by {@link System#nanoTime}. */
  Future<Map<Long, Long>> standing(Set<Long> writes) {
    Map<Long, Long> standing = new HashMap<>();
    Set<Long> unknown = new HashSet<>();
    for (Long write : writes) {
      Long since = known.get(write);
      if (since == null) {
        unknown.add(write);
      } else {
        standing.put(write, since);
      }
    }
    if (unknown.isEmpty()) {
      return Future.succeededFuture(standing);
    }
    return calls
        .make(() -> listed.getAdvancedCache().getAllAsync(unknown))
        .map(
            found -> {
              unknown.removeAll(found.keySet());
              long now = System.nanoTime();
              for (Long write : unknown) {
                standing.put(write, now);
                known.put(write, now);
              }
              return standing;
            });
  }

  private boolean isDead(String entry) {
    int space = entry.lastIndexOf(' ');
    List<String> members =
        listed.getCacheManager().getMembers().stream().map(Object::toString).toList();
    long millis = System.currentTimeMillis() - Long.parseLong(entry.substring(space + 1));
    return !members.contains(entry.substring(0, space)) || millis > LONGEST_MILLIS;
  }
}
