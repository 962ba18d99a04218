package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.infinispan.AdvancedCache;
import org.infinispan.distribution.LocalizedCacheTopology;
import org.infinispan.distribution.ch.ConsistentHash;
import org.infinispan.manager.EmbeddedCacheManager;
import org.infinispan.partitionhandling.AvailabilityMode;
import org.infinispan.remoting.transport.Address;
import org.infinispan.topology.CacheTopology;

/**
 * Whether this server may speak for the grid: it may while it is together with more than half of
 * the servers that the grid was planned for, so that no two parts of a grid ever both may.
 *
 * <p>The engine refuses in a part that has lost half of those that it had last, and goes on
 * refusing until they are back. But who was killed never comes back. So a part that has enough
 * servers again, and a copy of everything, is let go on from here; and one that has lost both
 * copies of something is not.
 *
 * <p>A process that has stood still does not know what the others have decided meanwhile. So every
 * server makes all others confirm, once a second, that they still count it in.
 */
final class GridQuorum {

  private static final Logger LOG = LoggerFactory.getLogger(GridQuorum.class);

  private static final String CONFIRMATIONS = "users.confirmations";

  private static final int TURN_MILLIS = 1_000;

  /** A turn that comes later than this means that the process has stood still. */
  private static final long STANDSTILL_NANOS = TimeUnit.SECONDS.toNanos(3);

  /**
   * Longer than the others need to see that one of them does not answer, 11 s by members.xml: until
   * then nobody gets a confirmation.
   */
  private static final long CONFIRMED_NANOS = TimeUnit.SECONDS.toNanos(15);

  /** Turns in which nothing changes; in fewer of them the engine may still be merging two parts. */
  private static final int TURNS_UNTIL_HEALED = 10;

  private static final int COPIES = 2;

  private final EmbeddedCacheManager engine;
  private final Vertx vertx;
  private final int servers;
  private final List<AdvancedCache<?, ?>> caches;
  private final AdvancedCache<String, String> confirmations;

  /** The caches, and the confirmations. */
  private final List<AdvancedCache<?, ?>> shared;

  private final String self;
  private long timer;

  // Of the turns, which are on one event loop.
  private boolean confirming;
  private List<Address> members = List.of();
  private int turnsToHeal;
  private boolean copying;

  private volatile long turnNanos = System.nanoTime();
  private volatile long confirmedNanos = turnNanos - CONFIRMED_NANOS;

  /** Nothing that was asked before this counts. */
  private volatile long doubtNanos = turnNanos;

  /**
   * @param servers how many servers the grid was planned for
   * @param caches what has to be there in whole; the names of caches that have started
   */
  GridQuorum(EmbeddedCacheManager engine, Vertx vertx, int servers, List<String> caches) {
    this.engine = engine;
    this.vertx = vertx;
    this.servers = servers;
    this.caches =
        caches.stream()
            .<AdvancedCache<?, ?>>map(name -> engine.getCache(name).getAdvancedCache())
            .toList();
    this.confirmations = engine.<String, String>getCache(CONFIRMATIONS).getAdvancedCache();
    this.shared =
        Stream.<AdvancedCache<?, ?>>concat(this.caches.stream(), Stream.of(confirmations)).toList();
    this.self = engine.getAddress().toString();
  }

  void watch() {
    timer = vertx.setPeriodic(TURN_MILLIS, turn -> look());
  }

  void stop() {
    vertx.cancelTimer(timer);
  }

  /** Why this server may not speak for the grid; null when it may. */
  StoreException refusal() {
    List<AdvancedCache<?, ?>> degraded = degraded();
    if (degraded.stream().anyMatch(GridQuorum::hasLost)) {
      return unavailable(
          "servers of the grid were lost together, and users with them: stop all that are left, and start anew");
    }
    int together = together();
    if (together < needed()) {
      return unavailable(
          "the grid has %d of its %d servers, and needs %d".formatted(together, servers, needed()));
    }
    if (!degraded.isEmpty()) {
      return unavailable("servers of the grid were lost; the others are about to go on without");
    }
    long now = System.nanoTime();
    if (now - turnNanos > STANDSTILL_NANOS
        || now - confirmedNanos > CONFIRMED_NANOS
        || confirmedNanos - doubtNanos < 0) {
      return unavailable("the other servers of the grid do not confirm that this one is in it");
    }
    return null;
  }

  /** Completes when all servers that this one knows of have heard of it. */
  Future<Void> confirm() {
    long askedNanos = System.nanoTime();
    boolean enough = together() >= needed();
    return Future.fromCompletionStage(confirmations.putAsync("confirmed by all", self))
        .onSuccess(
            confirmed -> {
              if (enough) {
                confirmedNanos = askedNanos;
              }
            })
        .mapEmpty();
  }

  /**
   * How many servers there are that share every cache with this one. Those that the engine can
   * reach are not enough: a server that has begun alone, because nobody answered it in time, is
   * soon among them, but has caches of its own until these are merged.
   */
  private int together() {
    List<Address> reached = engine.getMembers();
    return shared.stream()
        .mapToInt(
            cache -> {
              Set<Address> sharing = topology(cache).getMembersSet();
              return (int) reached.stream().filter(sharing::contains).count();
            })
        .min()
        .orElseThrow();
  }

  private static LocalizedCacheTopology topology(AdvancedCache<?, ?> cache) {
    return cache.getDistributionManager().getCacheTopology();
  }

  /** Whether every user is in the memory of two servers, where there are two. */
  boolean isCopied() {
    return caches.stream().allMatch(this::isCopied);
  }

  private boolean isCopied(AdvancedCache<?, ?> cache) {
    CacheTopology topology = topology(cache);
    List<Address> all = engine.getMembers();
    ConsistentHash owners = topology.getCurrentCH();
    return topology.getPendingCH() == null
        && owners.getMembers().containsAll(all)
        && IntStream.range(0, owners.getNumSegments())
            .allMatch(
                segment ->
                    owners.locateOwnersForSegment(segment).stream().filter(all::contains).count()
                        >= Math.min(COPIES, all.size()));
  }

  private void look() {
    long now = System.nanoTime();
    if (now - turnNanos > STANDSTILL_NANOS) {
      doubtNanos = now;
    }
    turnNanos = now;
    if (!confirming) {
      confirming = true;
      confirm().onComplete(end -> confirming = false);
    }
    List<Address> before = members;
    members = engine.getMembers();
    boolean same = members.equals(before);
    List<AdvancedCache<?, ?>> degraded = degraded();
    turnsToHeal = same && mayHeal(degraded) ? turnsToHeal + 1 : 0;
    if (turnsToHeal >= TURNS_UNTIL_HEALED) {
      turnsToHeal = 0;
      heal(degraded);
    }
    copying |= !same;
    if (copying && same && together() >= needed() && isCopied()) {
      copying = false;
      LOG.info(
          members.size() < COPIES
              ? "Grid: all users are in the memory of this server alone"
              : "Grid: %d servers, all users are in the memory of two".formatted(members.size()));
    }
  }

  private boolean mayHeal(List<AdvancedCache<?, ?>> degraded) {
    return !degraded.isEmpty()
        && engine.isCoordinator()
        && members.size() >= needed()
        && degraded.stream().noneMatch(GridQuorum::hasLost);
  }

  private void heal(List<AdvancedCache<?, ?>> degraded) {
    vertx
        .executeBlocking(
            () -> {
              degraded.forEach(cache -> cache.setAvailability(AvailabilityMode.AVAILABLE));
              return null;
            },
            false)
        .onSuccess(healed -> LOG.warn("the grid goes on without the servers that it has lost"))
        .onFailure(failure -> LOG.warn("the grid could not go on", failure));
  }

  private List<AdvancedCache<?, ?>> degraded() {
    return caches.stream()
        .filter(cache -> cache.getAvailability() != AvailabilityMode.AVAILABLE)
        .toList();
  }

  /** Whether there is something of which no copy is left on those that can be reached. */
  private static boolean hasLost(AdvancedCache<?, ?> cache) {
    CacheTopology topology = topology(cache);
    ConsistentHash owners = topology.getCurrentCH();
    return IntStream.range(0, owners.getNumSegments())
        .anyMatch(
            segment ->
                owners.locateOwnersForSegment(segment).stream()
                    .noneMatch(topology.getActualMembers()::contains));
  }

  private int needed() {
    return servers / 2 + 1;
  }

  private static StoreException unavailable(String message) {
    return new StoreException(Reason.UNAVAILABLE, message);
  }
}
