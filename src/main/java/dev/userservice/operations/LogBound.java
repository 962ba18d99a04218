package dev.userservice.operations;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Lets each logger of Vert.x and Netty write at most one warning or error per second, with the
 * number of lines suppressed since the last. They log each failure of a connection with a stack
 * trace: an attacker who can cause one must not be able to fill the disk.
 *
 * <p>The loggers of this project are exempt: their lines are bounded where they are logged, and an
 * internal error must be found by the id that its caller received. Thread-safe.
 */
final class LogBound implements Filter {

  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The last line of a logger, and the lines suppressed since. */
  private static final class Last {
    private long nanos;
    private int suppressed;
  }

  private final LongSupplier nanoTime;

  /** By the names of loggers, which are names of classes and so limited in number. */
  private final Map<String, Last> last = new HashMap<>();

  LogBound(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean isLoggable(LogRecord line) {
    String logger = line.getLoggerName();
    return logger == null
        || line.getLevel().intValue() < Level.WARNING.intValue()
        || !logger.startsWith("io.netty.") && !logger.startsWith("io.vertx.")
        || isDue(logger, line);
  }

  private synchronized boolean isDue(String logger, LogRecord line) {
    long now = nanoTime.getAsLong();
    Last before = last.get(logger);
    if (before == null) {
      before = new Last();
      last.put(logger, before);
    } else if (now - before.nanos < PAUSE_NANOS) {
      before.suppressed++;
      return false;
    }
    if (before.suppressed > 0) {
      line.setMessage(
          "%s; and %d more since the last line".formatted(line.getMessage(), before.suppressed));
    }
    before.nanos = now;
    before.suppressed = 0;
    return true;
  }
}
