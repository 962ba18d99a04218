package dev.userservice.tls;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Logs peers that cannot be served, such as a plaintext client on a TLS port. Logs at most one line
 * per pause, with the number of lines suppressed since the last: peers must not fill the log.
 */
public final class RejectedPeers implements BiConsumer<String, String> {

  private static final Logger LOG = LoggerFactory.getLogger(RejectedPeers.class);

  private final long pauseNanos;
  private long lastNanos;
  private int suppressed;

  /**
   * @param pauseSeconds the minimum time between two lines
   */
  public RejectedPeers(int pauseSeconds) {
    pauseNanos = TimeUnit.SECONDS.toNanos(pauseSeconds);
    lastNanos = System.nanoTime() - pauseNanos;
  }

  @Override
  public synchronized void accept(String peer, String why) {
    long now = System.nanoTime();
    if (now - lastNanos < pauseNanos) {
      suppressed++;
      return;
    }
    LOG.warn(
        peer
            + " "
            + why
            + (suppressed == 0 ? "" : "; and " + suppressed + " more since the last line"));
    lastNanos = now;
    suppressed = 0;
  }
}
