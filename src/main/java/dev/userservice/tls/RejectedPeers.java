package dev.userservice.tls;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Tells an operator of peers that cannot be served, such as one that speaks plaintext where TLS is
 * spoken. At most one line in a while, with the number of those that had none: peers must not be
 * able to fill the log.
 */
public final class RejectedPeers implements BiConsumer<String, String> {

  private static final Logger LOG = LoggerFactory.getLogger(RejectedPeers.class);

  private final long pauseNanos;
  private long lastNanos;
  private int silent;

  /**
   * @param pauseSeconds how long there is no other line after one
   */
  public RejectedPeers(int pauseSeconds) {
    pauseNanos = TimeUnit.SECONDS.toNanos(pauseSeconds);
    lastNanos = System.nanoTime() - pauseNanos;
  }

  @Override
  public synchronized void accept(String peer, String why) {
    long now = System.nanoTime();
    if (now - lastNanos < pauseNanos) {
      silent++;
      return;
    }
    LOG.warn(
        peer + " " + why + (silent == 0 ? "" : "; and " + silent + " more since the last line"));
    lastNanos = now;
    silent = 0;
  }
}
