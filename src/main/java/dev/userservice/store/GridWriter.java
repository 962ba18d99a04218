package dev.userservice.store;

import dev.userservice.store.GridWrites.State;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.infinispan.AdvancedCache;

/** Writes users into the grid, one group at a time; {@link GridStore} says how. */
final class GridWriter {

  private static final int LOOK_MILLIS = 10;

  private final Vertx vertx;
  private final GridCalls calls;
  private final AdvancedCache<Integer, byte[]> users;
  private final AdvancedCache<String, Long> emails;
  private final GridWrites writes;
  private final GridIds ids;
  private long lastWrite;

  /**
   * @param lastWrite the numbers after this one are this server's
   */
  GridWriter(
      Vertx vertx,
      GridCalls calls,
      AdvancedCache<Integer, byte[]> users,
      AdvancedCache<String, Long> emails,
      GridWrites writes,
      GridIds ids,
      long lastWrite) {
    this.vertx = vertx;
    this.calls = calls;
    this.users = users;
    this.emails = emails;
    this.writes = writes;
    this.ids = ids;
    this.lastWrite = lastWrite;
  }

  /** Writes each of a group or none of it, and tells it. */
  Future<Void> write(List<GroupCommit.Write> group) {
    return writeRest(new ArrayList<>(group), new HashSet<>());
  }

  /**
   * Those that want different addresses go first, together; whoever wants one of theirs too comes
   * after them.
   *
   * @param created the addresses of this group that belong to somebody by now
   */
  private Future<Void> writeRest(List<GroupCommit.Write> waiting, Set<String> created) {
    Set<String> wanted = new HashSet<>();
    List<GroupCommit.Write> now = new ArrayList<>();
    List<GroupCommit.Write> later = new ArrayList<>();
    for (GroupCommit.Write write : waiting) {
      List<String> keys = keys(write);
      // Of a later address the grid is asked as well: one before it may be taken too.
      if (created.contains(keys.get(0))) {
        write.failed(StoreException.emailTaken(0));
      } else if (keys.stream().anyMatch(wanted::contains)) {
        later.add(write);
      } else {
        wanted.addAll(keys);
        now.add(write);
      }
    }
    return now.isEmpty()
        ? Future.succeededFuture()
        : writeTogether(now, created)
            .compose(
                busy -> {
                  later.addAll(busy);
                  return pause(busy.isEmpty()).compose(go -> writeRest(later, created));
                });
  }

  /** Succeeds with those that another write is in the way of; they may be tried again. */
  private Future<List<GroupCommit.Write>> writeTogether(
      List<GroupCommit.Write> together, Set<String> created) {
    long number = ++lastWrite;
    return writes
        .begin(number)
        .compose(
            entry ->
                claimAll(together, number)
                    .compose(
                        claims ->
                            fill(claims.getOrDefault(Claim.MINE, List.of()), number)
                                .map(filled -> new Filled(filled, busy(claims))))
                    .recover(
                        failure ->
                            writes
                                .giveUp(number, entry)
                                .transform(given -> Future.failedFuture(failure)))
                    .compose(
                        filled ->
                            end(filled.userIds(), number, entry, created).map(filled.busy())));
  }

  /**
   * @param userIds of each write that has all of its addresses
   * @param busy the writes that another is in the way of
   */
  private record Filled(
      Map<GroupCommit.Write, List<Integer>> userIds, List<GroupCommit.Write> busy) {}

  private static List<GroupCommit.Write> busy(Map<Claim, List<GroupCommit.Write>> claims) {
    return claims.getOrDefault(Claim.BUSY, List.of());
  }

  private enum Claim {
    MINE,
    TAKEN,
    BUSY
  }

  /** Claims the addresses of each; those that do not get all of theirs hold none. */
  private Future<Map<Claim, List<GroupCommit.Write>>> claimAll(
      List<GroupCommit.Write> together, long number) {
    List<Future<Claim>> claims = together.stream().map(write -> claim(write, number)).toList();
    return Future.join(claims)
        .map(
            all ->
                IntStream.range(0, together.size())
                    .boxed()
                    .collect(
                        Collectors.groupingBy(
                            i -> claims.get(i).result(),
                            Collectors.mapping(together::get, Collectors.toList()))));
  }

  private Future<Claim> claim(GroupCommit.Write write, long number) {
    List<String> keys = keys(write);
    List<Future<Claim>> claims = keys.stream().map(key -> claim(key, number)).toList();
    return Future.join(claims)
        .compose(
            all -> {
              List<Claim> results = claims.stream().map(Future::result).toList();
              int taken = firstTaken(keys, results);
              if (taken < 0 && !results.contains(Claim.BUSY)) {
                return Future.succeededFuture(Claim.MINE);
              }
              return Future.join(
                      IntStream.range(0, keys.size())
                          .filter(i -> results.get(i) == Claim.MINE)
                          .mapToObj(i -> free(keys.get(i), number))
                          .toList())
                  .map(
                      free -> {
                        if (taken >= 0) {
                          write.failed(StoreException.emailTaken(taken));
                        }
                        return taken >= 0 ? Claim.TAKEN : Claim.BUSY;
                      });
            });
  }

  private Future<Boolean> free(String key, long number) {
    return calls.make(() -> emails.removeAsync(key, number));
  }

  private Future<Claim> claim(String key, long number) {
    return calls
        .make(() -> emails.putIfAbsentAsync(key, number))
        .compose(
            other ->
                other == null || other == number
                    ? Future.succeededFuture(Claim.MINE)
                    : writes.state(other).compose(state -> claimFrom(key, number, other, state)));
  }

  private Future<Claim> claimFrom(String key, long number, long other, State state) {
    return switch (state) {
      case STANDS -> Future.succeededFuture(Claim.TAKEN);
      case GIVEN_UP ->
          calls
              .make(() -> emails.replaceAsync(key, other, number))
              .compose(mine -> mine ? Future.succeededFuture(Claim.MINE) : claim(key, number));
      // Of two servers that wait for each other the one with the larger number gives way.
      case UNDER_WAY ->
          number > other
              ? Future.succeededFuture(Claim.BUSY)
              : pause(false).compose(again -> claim(key, number));
    };
  }

  private Future<Map<GroupCommit.Write, List<Integer>>> fill(
      List<GroupCommit.Write> claimed, long number) {
    if (claimed.isEmpty()) {
      return Future.succeededFuture(Map.of());
    }
    int count = claimed.stream().mapToInt(write -> write.drafts().size()).sum();
    return ids.take(count)
        .compose(
            taken -> {
              Map<GroupCommit.Write, List<Integer>> userIds = new LinkedHashMap<>();
              Map<Integer, byte[]> slots = new HashMap<>();
              int next = 0;
              for (GroupCommit.Write write : claimed) {
                List<Integer> own = List.copyOf(taken.subList(next, next + write.drafts().size()));
                for (int i = 0; i < own.size(); i++) {
                  slots.put(own.get(i), GridSlot.of(write.drafts().get(i), own.get(i), number));
                }
                next += own.size();
                userIds.put(write, own);
              }
              return calls.make(() -> users.putAllAsync(slots)).map(userIds);
            });
  }

  /** The one step that makes the users count. */
  private Future<Void> end(
      Map<GroupCommit.Write, List<Integer>> userIds,
      long number,
      String entry,
      Set<String> created) {
    if (userIds.isEmpty()) {
      return writes.forget(number, entry);
    }
    return writes
        .stand(number, entry)
        .transform(
            stood -> {
              userIds.forEach(
                  (write, own) -> {
                    if (stood.failed()) {
                      write.failed(
                          new StoreException(
                              Reason.OUTCOME_UNKNOWN, "the grid went away during a write"));
                    } else if (stood.result()) {
                      created.addAll(keys(write));
                      write.done(own);
                    } else {
                      write.failed(
                          new StoreException(
                              Reason.CONFLICT, "a write took so long that it was given up"));
                    }
                  });
              return Future.succeededFuture();
            });
  }

  private Future<?> pause(boolean none) {
    return none ? Future.succeededFuture() : vertx.timer(LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static List<String> keys(GroupCommit.Write write) {
    return write.drafts().stream().map(draft -> Emails.canonical(draft.getEmail())).toList();
  }

  /** The index of the first address that is taken or repeated; -1 when there is none. */
  private static int firstTaken(List<String> keys, List<Claim> claims) {
    Set<String> before = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      if (claims.get(i) == Claim.TAKEN || !before.add(keys.get(i))) {
        return i;
      }
    }
    return -1;
  }
}
