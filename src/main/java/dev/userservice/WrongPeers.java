package dev.userservice;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Tells an operator of peers that cannot be served, such as one that speaks plaintext where TLS is
 * spoken. A line a second at most, with the number of those that had none: peers must not be able
 * to fill the log.
 */
final class WrongPeers implements BiConsumer<String, String> {

  private static final Logger LOG = LoggerFactory.getLogger(WrongPeers.class);
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private long lastNanos = System.nanoTime() - PAUSE_NANOS;
  private int silent;

  @Override
  public synchronized void accept(String peer, String why) {
    long now = System.nanoTime();
    if (now - lastNanos < PAUSE_NANOS) {
      silent++;
      return;
    }
    LOG.warn(
        peer + " " + why + (silent == 0 ? "" : "; and " + silent + " more since the last line"));
    lastNanos = now;
    silent = 0;
  }
}
