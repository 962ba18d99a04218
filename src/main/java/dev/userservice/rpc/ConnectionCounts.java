package dev.userservice.rpc;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Counts the open connections of a process, and the ones that a limit closed. Thread-safe. */
public final class ConnectionCounts {

  private final int max;
  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder refused = new LongAdder();
  private final LongAdder silent = new LongAdder();
  private final LongAdder refusedMemory = new LongAdder();
  private final LongAdder closedUnauthenticated = new LongAdder();
  private final LongAdder flooding = new LongAdder();
  private final LongAdder aged = new LongAdder();

  /**
   * @param max the max number of open connections
   */
  public ConnectionCounts(int max) {
    this.max = max;
  }

  /** Open connections. */
  public int open() {
    return open.get();
  }

  /** Connections above the limit, so far. */
  public long refused() {
    return refused.sum();
  }

  /** Connections that were closed because they did not speak HTTP in time, so far. */
  public long silent() {
    return silent.sum();
  }

  /** Connections that the memory budget refused, so far. */
  public long refusedMemory() {
    return refusedMemory.sum();
  }

  /** Connections of unauthenticated callers that were closed for newer ones, so far. */
  public long closedUnauthenticated() {
    return closedUnauthenticated.sum();
  }

  /** Connections that were closed because they sent too many control frames, so far. */
  public long flooding() {
    return flooding.sum();
  }

  /** Connections that reached their maximum age, so far. */
  public long aged() {
    return aged.sum();
  }

  /** Counts a connection unless that exceeds the maximum. */
  boolean tryOpen() {
    if (open.incrementAndGet() <= max) {
      return true;
    }
    open.decrementAndGet();
    refused.increment();
    return false;
  }

  void close() {
    open.decrementAndGet();
  }

  void countSilent() {
    silent.increment();
  }

  void countRefusedMemory() {
    refusedMemory.increment();
  }

  void countClosedUnauthenticated() {
    closedUnauthenticated.increment();
  }

  void countFlooding() {
    flooding.increment();
  }

  void countAged() {
    aged.increment();
  }
}
