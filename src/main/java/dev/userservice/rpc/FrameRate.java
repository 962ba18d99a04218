package dev.userservice.rpc;

import java.util.concurrent.TimeUnit;

/** Counts the frames of a connection that cost their sender nearly nothing, second by second. */
final class FrameRate {

  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final int maxPerSecond;
  private long windowStart = System.nanoTime();
  private int frames;

  FrameRate(int maxPerSecond) {
    this.maxPerSecond = maxPerSecond;
  }

  /** Counts a frame; returns true above the max. */
  boolean isExceeded() {
    long now = System.nanoTime();
    if (now - windowStart > WINDOW_NANOS) {
      windowStart = now;
      frames = 0;
    }
    return ++frames > maxPerSecond;
  }
}
