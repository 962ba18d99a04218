package dev.userservice.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.config.RateLimitConfig;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RateLimitTest {

  private long now = Long.MAX_VALUE - 5;

  @Test
  void bucket_emptiesAndRefills() {
    RateLimit limit = limit(4, 2);
    assertThat(taken(limit, 100)).isEqualTo(8);
    AccessException refused =
        catchThrowableOfType(AccessException.class, () -> limit.count("a", "m"));
    assertThat(refused.retryMillis()).isEqualTo(251);

    now += TimeUnit.MILLISECONDS.toNanos(249);
    assertThat(taken(limit, 100)).isZero();
    now += TimeUnit.MILLISECONDS.toNanos(1);
    assertThat(taken(limit, 100)).isEqualTo(1);
    now += TimeUnit.HOURS.toNanos(5);
    assertThat(taken(limit, 100)).as("at most a full bucket").isEqualTo(8);
  }

  @Test
  void buckets_areBounded() {
    RateLimit limit = limit(1, 1);
    limit.count("a", "m");
    for (int i = 0; i < 20_000; i++) {
      limit.count("caller " + i, "m");
    }

    assertThat(taken(limit, 5)).as("the oldest was forgotten").isEqualTo(1);
  }

  private int taken(RateLimit limit, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      try {
        limit.count("a", "m");
        taken++;
      } catch (AccessException refused) {
        assertThat(refused.reason()).isEqualTo(AccessException.Reason.TOO_MANY_CALLS);
      }
    }
    return taken;
  }

  private RateLimit limit(int perSecond, int burstSeconds) {
    return new RateLimit(new RateLimitConfig(perSecond, Map.of(), burstSeconds, 0), () -> now);
  }
}
