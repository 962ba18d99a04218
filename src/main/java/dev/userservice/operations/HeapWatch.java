package dev.userservice.operations;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * Detects an OutOfMemoryError that is caught and reported nowhere, from what the garbage collector
 * did before the JVM threw it: it cleared all soft references, and still left the heap full.
 */
final class HeapWatch {

  /**
   * A heap whose largest pool is as full as this, although all soft references were cleared, is
   * exhausted. Not 1, because G1 keeps some regions free, which count in a small heap. A store that
   * fills the heap this far goes on until an allocation fails.
   */
  private static final double EXHAUSTED = 0.92;

  /** A collection that leaves less free achieved nothing: GCHeapFreeLimit of the JVM is 2 %. */
  private static final double USELESS = 0.98;

  /** The number in a row that ends a JVM with UseGCOverheadLimit. */
  private static final int MAX_USELESS = 5;

  /** The min time of such a row: a short burst may pass. */
  private static final long MIN_ROW_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The max time between events that belong together, with the delay of a busy machine. */
  private static final long TOGETHER_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** The collectors of the JDK that do not collect the whole heap. */
  private static final Pattern PARTIAL =
      Pattern.compile(".*(Young|Minor|Copy|Scavenge|Concurrent|Pauses).*");

  private final List<GarbageCollectorMXBean> collectors = new ArrayList<>();
  private final List<String> heapPools = new ArrayList<>();
  private final double maxHeap = Runtime.getRuntime().maxMemory();

  /**
   * Cleared before the JVM throws an OutOfMemoryError, as {@link SoftReference} promises. Other
   * collections keep a soft reference that was read since the collection before.
   */
  private SoftReference<Object> canary = new SoftReference<>(new Object());

  private long lastCleared = System.nanoTime() - TOGETHER_NANOS;
  private long lastExhausted = lastCleared - TOGETHER_NANOS;
  private long firstUseless;
  private long lastUseless;
  private int useless;

  /**
   * True once memory was too short to read a collection. The beans load classes at the first one,
   * and a class whose initializer lacked memory is "not found" from then on: a LinkageError.
   */
  private boolean failed;

  HeapWatch() {
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.HEAP) {
        heapPools.add(pool.getName());
      }
    }
    for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (collector instanceof GarbageCollectorMXBean detailed
          && !PARTIAL.matcher(collector.getName()).matches()) {
        collectors.add(detailed);
        ((NotificationEmitter) detailed)
            .addNotificationListener((sent, none) -> notified(sent), null, null);
      }
    }
  }

  /**
   * Returns true if the heap was exhausted lately. Call several times a second, which keeps the
   * canary alive.
   */
  synchronized boolean isExhausted() {
    if (canary.get() == null) {
      canary = new SoftReference<>(new Object());
      lastCleared = System.nanoTime();
      // Besides the notifications, because the JVM's thread that sends them may have run out of
      // memory itself.
      try {
        for (GarbageCollectorMXBean collector : collectors) {
          GcInfo last = collector.getLastGcInfo();
          if (last != null && isExhausted(last)) {
            lastExhausted = lastCleared;
          }
        }
      } catch (LinkageError noMemory) {
        failed = true;
      }
    }
    return failed
        || (useless >= MAX_USELESS && lastUseless - firstUseless >= MIN_ROW_NANOS)
        || Math.abs(lastCleared - lastExhausted) < TOGETHER_NANOS;
  }

  /** Called on a thread of the JVM, once per full collection, in order. */
  private synchronized void notified(Notification sent) {
    try {
      collected(
          GarbageCollectionNotificationInfo.from((CompositeData) sent.getUserData()).getGcInfo());
    } catch (OutOfMemoryError | LinkageError noMemory) {
      failed = true;
    }
  }

  private void collected(GcInfo collection) {
    long now = System.nanoTime();
    if (isExhausted(collection)) {
      lastExhausted = now;
    }
    if (usedAfter(collection) < USELESS) {
      useless = 0;
      return;
    }
    if (now - lastUseless > TOGETHER_NANOS) {
      useless = 0;
    }
    if (useless++ == 0) {
      firstUseless = now;
    }
    lastUseless = now;
  }

  private boolean isExhausted(GcInfo collection) {
    MemoryUsage largest = null;
    for (String pool : heapPools) {
      MemoryUsage after = collection.getMemoryUsageAfterGc().get(pool);
      if (largest == null || after.getMax() > largest.getMax()) {
        largest = after;
      }
    }
    return largest.getUsed() >= EXHAUSTED * largest.getMax();
  }

  /** The share of the largest heap that a collection left in use. */
  private double usedAfter(GcInfo collection) {
    long bytes = 0;
    for (String pool : heapPools) {
      bytes += collection.getMemoryUsageAfterGc().get(pool).getUsed();
    }
    return bytes / maxHeap;
  }
}
