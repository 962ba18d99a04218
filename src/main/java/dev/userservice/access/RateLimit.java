package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.RateLimitConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A bucket for each caller and method, which a call empties by one and time fills. Shared by all
 * event loops.
 *
 * <p>A bucket is the time at which it will be full (the generic cell rate algorithm). One that is
 * full is as good as none; and of those that are not, the {@value #MOST_BUCKETS} that were used
 * last are kept.
 */
public final class RateLimit {

  private static final int MOST_BUCKETS = 10_000;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Stands for a method in the bucket of refused calls; no method is called so. */
  private static final String REFUSED = "refused";

  private record Key(String who, String method) {}

  private final RateLimitConfig config;
  private final LongSupplier nanos;
  private final Map<Key, Long> fullAt =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > MOST_BUCKETS;
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
   * @throws AccessException when there were too many
   */
  public void count(String who, String method) {
    int perSecond = config.methods().getOrDefault(method, config.callsPerSecond());
    if (perSecond > 0) {
      refuse(take(new Key(who, method), perSecond, 1), method);
    }
  }

  /**
   * To be asked before a token is looked at.
   *
   * @throws AccessException when calls from an address were refused too often
   */
  public void checkRefused(String address) {
    if (config.refusedPerSecond() > 0) {
      refuse(take(new Key(address, REFUSED), config.refusedPerSecond(), 0), "a refused token");
    }
  }

  /** Counts a call that was refused for its token. */
  public void countRefused(String address) {
    if (config.refusedPerSecond() > 0) {
      take(new Key(address, REFUSED), config.refusedPerSecond(), 1);
    }
  }

  /** Takes some out, or else tells in how many nanoseconds there will be one; 0 when it has. */
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

  private static void refuse(long waitNanos, String what) {
    if (waitNanos > 0) {
      throw new AccessException(
          Reason.TOO_MANY_CALLS,
          "too many calls of " + what + "; try again more slowly",
          TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1);
    }
  }
}
