package dev.userservice.attack;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The bytes that the server lets a peer send (RFC 9113, 5.2). */
final class SendWindows {

  private static final int DEFAULT = 65_535;

  private final Map<Integer, Long> streams = new HashMap<>();
  private final Set<Integer> ended = new HashSet<>();
  private long connection = DEFAULT;
  private int initial = DEFAULT;
  private boolean closed;

  synchronized void initial(int bytes) {
    int change = bytes - initial;
    streams.replaceAll((stream, window) -> window + change);
    initial = bytes;
    notifyAll();
  }

  synchronized void grant(int stream, int bytes) {
    if (stream == 0) {
      connection += bytes;
    } else {
      streams.merge(stream, initial + (long) bytes, (window, fresh) -> window + bytes);
    }
    notifyAll();
  }

  synchronized void end(int stream) {
    ended.add(stream);
    streams.remove(stream);
    notifyAll();
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }

  synchronized boolean areClosed() {
    return closed;
  }

  /** Waits for a part of the bytes. Returns 0 after a timeout, or at the end of the stream. */
  synchronized int take(int stream, int bytes, int seconds) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!closed && !ended.contains(stream)) {
      long free = Math.min(connection, streams.getOrDefault(stream, (long) initial));
      if (free > 0) {
        int taken = (int) Math.min(free, bytes);
        connection -= taken;
        streams.merge(stream, initial - (long) taken, (window, fresh) -> window - taken);
        return taken;
      }
      long millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      if (millis <= 0) {
        return 0;
      }
      try {
        wait(millis);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return 0;
      }
    }
    return 0;
  }
}
