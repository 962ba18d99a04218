package dev.userservice.rpc;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * The memory that this process holds for callers: unanswered requests, unsent responses, and a flat
 * price for each open connection and call.
 *
 * <p>No caller gets all of it. One connection may hold a quarter, one source address half, and all
 * unauthenticated callers together an eighth, where callers authenticate. A quarter is kept for
 * addresses that hold little. So a flood from some addresses is refused while others are served.
 *
 * <p>Thread-safe; one for all event loops.
 */
public final class MemoryBudget {

  /** The default part of the heap. The bytes counted here are about half of the real ones. */
  private static final int DEFAULT_SHARE_OF_HEAP = 4;

  private static final int CONNECTION_SHARE = 4;
  private static final int ADDRESS_SHARE = 2;
  private static final int UNAUTHENTICATED_SHARE = 8;

  /** The part beyond the budget that is kept for refusals, so that they can be sent. */
  private static final int REFUSAL_SHARE = 16;

  /** Addresses that hold less than this part are small; a quarter of all is kept for them. */
  private static final int SMALL_SHARE = 64;

  private static final int KEPT_FOR_SMALL_SHARE = 4;

  private final long bytes;
  private final Pool all;
  private final Pool unauthenticated;
  private final Map<String, Pool> addresses = new HashMap<>();
  private final LongAdder refused = new LongAdder();

  /**
   * @param bytes the size of the budget; 0 for a quarter of the maximum heap
   */
  public MemoryBudget(long bytes) {
    this.bytes = bytes > 0 ? bytes : Runtime.getRuntime().maxMemory() / DEFAULT_SHARE_OF_HEAP;
    all = new Pool(this.bytes);
    unauthenticated = new Pool(this.bytes / UNAUTHENTICATED_SHARE);
  }

  /** The size of the budget. */
  public long bytes() {
    return bytes;
  }

  /** The bytes held now, accurate to some kilobytes per connection. */
  public long held() {
    return all.held();
  }

  /** The number of refusals for lack of memory, so far. */
  public long refused() {
    return refused.sum();
  }

  /**
   * Opens the share of a connection.
   *
   * @param address the source that the connection counts for
   * @param authenticates true if its caller has yet to authenticate
   */
  ConnectionMemory open(String address, boolean authenticates) {
    return new ConnectionMemory(this, address, authenticates ? unauthenticated : null);
  }

  long connectionBytes() {
    return bytes / CONNECTION_SHARE;
  }

  /** The part that an address may not use, because it is kept for small ones. */
  long keptFrom(Pool address) {
    return address.held() <= bytes / SMALL_SHARE ? 0 : bytes / KEPT_FOR_SMALL_SHARE;
  }

  long refusalBytes() {
    return bytes / REFUSAL_SHARE;
  }

  Pool all() {
    return all;
  }

  void countRefused() {
    refused.increment();
  }

  /** Joins the pool of an address; end with {@link #leave}. */
  Pool join(String address) {
    synchronized (addresses) {
      Pool pool = addresses.computeIfAbsent(address, a -> new Pool(bytes / ADDRESS_SHARE));
      pool.connections++;
      return pool;
    }
  }

  void leave(String address) {
    synchronized (addresses) {
      addresses.computeIfPresent(address, (a, pool) -> --pool.connections == 0 ? null : pool);
    }
  }

  /** A bound on bytes that several connections share. */
  static final class Pool {

    private final long max;
    private final AtomicLong held = new AtomicLong();

    /** Guarded by {@link #addresses}; unused for the other pools. */
    private int connections;

    Pool(long max) {
      this.max = max;
    }

    /** Takes bytes unless that exceeds the bound, or the bound and an overdraft. */
    boolean tryTake(long bytes, long overdraft) {
      // Taking 0 bytes always succeeds, even above the bound.
      if (bytes == 0 || held.addAndGet(bytes) <= max + overdraft) {
        return true;
      }
      held.addAndGet(-bytes);
      return false;
    }

    boolean hasRoom() {
      return held.get() <= max;
    }

    void take(long bytes) {
      held.addAndGet(bytes);
    }

    void give(long bytes) {
      held.addAndGet(-bytes);
    }

    long held() {
      return held.get();
    }
  }
}
