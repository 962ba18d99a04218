package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.RateLimitConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * One token bucket for each caller and method. Shared by all event loops.
 *
 * <p>A bucket is stored as the time at which it will be full (the generic cell rate algorithm).
 * Full buckets need no entry; the {@value #MAX_BUCKETS} most recently used ones are kept.
 */
public final class RateLimit {

  private static final int MAX_BUCKETS = 10_000;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Replaces the method in the key of an address's refused calls; not a valid method name. */
  private static final String REFUSED = "refused";

  private record Key(String who, String method) {}

  private final RateLimitConfig config;
  private final LongSupplier nanos;
  private final Map<Key, Long> fullAt =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > MAX_BUCKETS;
        }
      };

  public RateLimit(RateLimitConfig config) {
    this(config, System::nanoTime);
  }

  RateLimit(RateLimitConfig config, LongSupplier nanos) {
    this.config = config;
    this.nanos = nanos;
  }

  /**
   * Counts a call.
   *
   * @param who the caller, or its address
   * @throws AccessException when the limit is exceeded
   */
  public void count(String who, String method) {
    int perSecond = config.methods().getOrDefault(method, config.callsPerSecond());
    if (perSecond > 0) {
      refuse(take(new Key(who, method), perSecond, 1), "of " + method);
    }
  }

  /**
   * To be called before a token is checked.
   *
   * @throws AccessException when too many calls from the address were refused
   */
  public void checkRefused(String address) {
    if (config.refusedPerSecond() > 0) {
      refuse(take(new Key(address, REFUSED), config.refusedPerSecond(), 0), "with refused tokens");
    }
  }

  /** Counts a call that was refused because of its token. */
  public void countRefused(String address) {
    if (config.refusedPerSecond() > 0) {
      take(new Key(address, REFUSED), config.refusedPerSecond(), 1);
    }
  }

  /**
   * Takes {@code count} tokens and returns 0, or returns the nanoseconds until one is available.
   */
  private synchronized long take(Key key, int perSecond, int count) {
    long now = nanos.getAsLong();
    long one = SECOND_NANOS / perSecond;
    long full = Math.max(config.burstSeconds() * SECOND_NANOS, one);
    long missing = Math.max(0, fullAt.getOrDefault(key, now) - now);
    long wait = missing + one - full;
    if (wait > 0) {
      return wait;
    }
    if (count > 0) {
      fullAt.put(key, now + missing + count * one);
    }
    return 0;
  }

  private static void refuse(long waitNanos, String which) {
    if (waitNanos > 0) {
      throw new AccessException(
          Reason.TOO_MANY_CALLS,
          "too many calls " + which + "; try again more slowly",
          TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1);
    }
  }
}
