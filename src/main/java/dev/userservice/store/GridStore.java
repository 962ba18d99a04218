package dev.userservice.store;

import dev.userservice.config.GridConfig;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.GridWrites.State;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.infinispan.AdvancedCache;
import org.infinispan.commons.CacheException;
import org.infinispan.counter.EmbeddedCounterManagerFactory;
import org.infinispan.counter.api.CounterConfiguration;
import org.infinispan.counter.api.CounterManager;
import org.infinispan.counter.api.CounterType;
import org.infinispan.manager.EmbeddedCacheManager;

/**
 * Users in the memory of all servers of a cluster, each of them in that of two.
 *
 * <p>The engine makes one key change at a time atomic, and no more. So a write has a number ({@link
 * GridWrites}), which stands in every entry that it makes: first the addresses that it claims, then
 * the users. They count once the write stands, which is one change of one key: all of a batch at
 * once, and nothing of it when a server dies before. An address whose write never came to stand is
 * free for whoever claims it next.
 *
 * <p>Ids increase on each server, but not over all of them: {@link GridIds}.
 */
final class GridStore implements UserStore {

  private static final String USERS = "users";
  private static final String EMAILS = "users.emails";
  private static final String WRITES = "users.writes";

  /** Counters, and the cache of the engine in which they are. */
  private static final String IDS = "users.ids";

  private static final String STARTS = "users.starts";
  private static final String COUNTERS = "org.infinispan.COUNTER";

  /** Users of a group of creates. */
  private static final int GROUP_USERS = 1_000;

  /** Ids that are asked for together. */
  private static final int WINDOW = 500;

  /** A write's number is the number of the start of its server, and then its own. */
  private static final int OWN_BITS = 40;

  /** How long a server that is stopped waits until it is not the only one who has a user. */
  private static final int CLOSE_LOOK_MILLIS = 50;

  private static final int CLOSE_LOOKS = 200;

  private final EmbeddedCacheManager engine;
  private final Vertx vertx;
  private final GridCalls calls;
  private final int servers;
  private final GroupCommit creates;

  // Set by the last try to open, before open is.
  private AdvancedCache<Integer, byte[]> users;
  private GridWrites writes;
  private GridIds ids;
  private GridWriter writer;
  private GridQuorum quorum;
  private volatile boolean open;

  GridStore(GridConfig config, EmbeddedCacheManager engine, Vertx vertx) {
    this.engine = engine;
    this.vertx = vertx;
    this.calls = new GridCalls(vertx);
    this.servers = config.servers();
    this.creates =
        new GroupCommit(
            vertx,
            config.waiting(),
            GROUP_USERS,
            config.timeoutMillis(),
            group -> explained(() -> writer.write(group)));
  }

  /**
   * The store of this server.
   *
   * @throws StoreException when it is in no cluster
   */
  static GridStore of(GridConfig config, Vertx vertx) {
    if (((VertxInternal) vertx).clusterManager() instanceof InfinispanClusterManager cluster) {
      return new GridStore(config, (EmbeddedCacheManager) cluster.getCacheContainer(), vertx);
    }
    throw new StoreException(
        Reason.UNUSABLE,
        "the grid is made of the servers of a cluster: start this one with --cluster");
  }

  @Override
  public Future<Void> open() {
    return vertx
        .executeBlocking(this::startCaches)
        .compose(started -> quorum.confirm())
        .compose(
            confirmed -> {
              StoreException refusal = quorum.refusal();
              return refusal == null
                  ? vertx.executeBlocking(this::startWriting)
                  : Future.<Void>failedFuture(refusal);
            })
        .recover(failure -> Future.failedFuture(unavailable(failure)));
  }

  /** Waits until this server has its part of what the others have. */
  private Void startCaches() {
    try {
      users = engine.<Integer, byte[]>getCache(USERS).getAdvancedCache();
      writes = new GridWrites(calls, engine.getCache(WRITES));
      if (quorum == null) {
        quorum = new GridQuorum(engine, vertx, servers, List.of(USERS, EMAILS, WRITES, COUNTERS));
        quorum.watch();
      }
      return null;
    } catch (CacheException failure) {
      throw new StoreException(
          Reason.UNAVAILABLE,
          "the other servers do not let this one into the grid; their logs say why");
    }
  }

  /** Not before there are enough servers: two that start alone would count from the same start. */
  private Void startWriting() {
    CounterManager counters = EmbeddedCounterManagerFactory.asCounterManager(engine);
    CounterConfiguration fromZero =
        CounterConfiguration.builder(CounterType.UNBOUNDED_STRONG).build();
    counters.defineCounter(IDS, fromZero);
    counters.defineCounter(STARTS, fromZero);
    ids = new GridIds(calls, counters.getStrongCounter(IDS));
    writer =
        new GridWriter(
            vertx,
            calls,
            users,
            engine.<String, Long>getCache(EMAILS).getAdvancedCache(),
            writes,
            ids,
            counters.getStrongCounter(STARTS).sync().incrementAndGet() << OWN_BITS);
    open = true;
    return null;
  }

  @Override
  public Future<UserResponse> get(int userId) {
    return read(
        () ->
            calls
                .make(() -> users.getAsync(userId))
                .compose(
                    slot ->
                        slot == null
                            ? Future.failedFuture(StoreException.notFound())
                            : writes
                                .state(GridSlot.write(slot))
                                .compose(
                                    state ->
                                        state == State.STANDS
                                            ? Future.succeededFuture(GridSlot.user(slot))
                                            : Future.failedFuture(StoreException.notFound()))));
  }

  @Override
  public Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    return createAll(List.of(draft), abandoned)
        .map(created -> draft.toBuilder().setUserId(created.get(0)).build());
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    StoreException refusal = refusal();
    if (refusal != null) {
      return Future.failedFuture(refusal);
    }
    return drafts.isEmpty() ? Future.succeededFuture(List.of()) : creates.add(drafts, abandoned);
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    int after = Math.max(afterUserId, 0);
    return read(() -> ids.largest().compose(largest -> page(after, limit, largest)));
  }

  @Override
  public Future<Long> count() {
    return count(0, 0);
  }

  private Future<Long> count(int after, long before) {
    return page(after, GROUP_USERS)
        .compose(
            found ->
                found.isEmpty()
                    ? Future.succeededFuture(before)
                    : count(found.get(found.size() - 1).getUserId(), before + found.size()));
  }

  @Override
  public Future<Void> health() {
    StoreException refusal = refusal();
    return refusal == null ? Future.succeededFuture() : Future.failedFuture(refusal);
  }

  /** Others that have just left may have been the second owners of what is here. */
  @Override
  public Future<Void> close() {
    open = false;
    return creates
        .close()
        .compose(written -> quorum == null ? Future.succeededFuture() : copied(CLOSE_LOOKS))
        .onComplete(copied -> stopWatching());
  }

  private Future<Void> copied(int looks) {
    return looks == 0 || quorum.isCopied()
        ? Future.succeededFuture()
        : vertx.timer(CLOSE_LOOK_MILLIS, TimeUnit.MILLISECONDS).compose(again -> copied(looks - 1));
  }

  private void stopWatching() {
    if (quorum != null) {
      quorum.stop();
    }
  }

  /**
   * A write that comes to stand while this looks may have been seen in part. Then it looks once
   * more: what stood before that is there in whole, and nothing else counts.
   */
  private Future<List<UserResponse>> page(int after, int limit, int largest) {
    Look first = new Look(limit, largest, null);
    return look(after, first)
        .compose(
            seen ->
                first.mayBePartial
                    ? look(after, new Look(limit, largest, first.standing))
                    : Future.succeededFuture(seen))
        .map(seen -> seen.found.values().stream().limit(limit).map(GridSlot::user).toList());
  }

  /** One look at the users after an id. */
  private static final class Look {

    private final int limit;
    private final int largest;

    /** What counts; null while that is being found out. */
    private final Set<Long> counts;

    private final long sinceNanos = System.nanoTime();
    private final Set<Long> standing = new HashSet<>();
    private final TreeMap<Integer, byte[]> found = new TreeMap<>();
    private boolean mayBePartial;

    Look(int limit, int largest, Set<Long> counts) {
      this.limit = limit;
      this.largest = largest;
      this.counts = counts;
    }

    void take(Map<Integer, byte[]> slots, Map<Long, Long> stand) {
      slots.forEach(
          (id, slot) -> {
            long write = GridSlot.write(slot);
            Long since = stand.get(write);
            if (since != null && (counts == null || counts.contains(write))) {
              found.put(id, slot);
              standing.add(write);
              mayBePartial |= since - sinceNanos >= 0;
            }
          });
    }
  }

  private Future<Look> look(int after, Look look) {
    if (after >= look.largest || look.found.size() >= look.limit) {
      return Future.succeededFuture(look);
    }
    int end = (int) Math.min(look.largest, (long) after + WINDOW);
    Set<Integer> window = IntStream.rangeClosed(after + 1, end).boxed().collect(Collectors.toSet());
    return calls
        .make(() -> users.getAllAsync(window))
        .compose(
            slots ->
                writes
                    .standing(
                        slots.values().stream().map(GridSlot::write).collect(Collectors.toSet()))
                    .compose(
                        stand -> {
                          look.take(slots, stand);
                          return look(end, look);
                        }));
  }

  private <T> Future<T> read(Supplier<Future<T>> read) {
    StoreException refusal = refusal();
    return refusal == null
        ? OnCallersLoop.of(vertx, explained(read))
        : Future.failedFuture(refusal);
  }

  /** Why nothing can be read or written; null when it can. */
  private StoreException refusal() {
    return open
        ? quorum.refusal()
        : new StoreException(Reason.UNAVAILABLE, "the store is not open");
  }

  private static <T> Future<T> explained(Supplier<Future<T>> work) {
    return Future.succeededFuture()
        .compose(go -> work.get())
        .recover(failure -> Future.failedFuture(unavailable(failure)));
  }

  /** Whatever the engine says: it could not be reached, or not in time, or not by enough of us. */
  private static Throwable unavailable(Throwable failure) {
    return failure instanceof StoreException
        ? failure
        : new StoreException(
            Reason.UNAVAILABLE, "the grid does not answer: " + failure.getClass().getSimpleName());
  }
}
