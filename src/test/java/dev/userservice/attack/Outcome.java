package dev.userservice.attack;

import java.util.ArrayList;
import java.util.List;

/**
 * The effects of an attack on a server.
 *
 * @param bytesSent by all attackers, before TLS
 * @param idle memory before the attack
 * @param held the max memory during the attack, and until the server has noticed its end
 * @param after memory once the attackers have left, and the server has had time to notice
 * @param cpuMillis CPU time of the server during the attack, with that of measuring its memory
 * @param closed connections of attackers that the server closed
 * @param others the ends of the calls of other callers
 * @param alive true if the server still runs
 * @param alarms lines of stderr that a server under attack must not write
 */
record Outcome(
    String attack,
    long bytesSent,
    JvmMemory.Use idle,
    JvmMemory.Use held,
    JvmMemory.Use after,
    long cpuMillis,
    int closed,
    OtherCallers.Result others,
    boolean alive,
    List<String> alarms) {

  /** The max memory that an attack may hold in the heap. */
  static final long HELD_BYTES = 128L << 20;

  /** The max memory that an attack may hold in buffers outside the heap. */
  static final long HELD_DIRECT_BYTES = 64L << 20;

  /** The max memory that may remain: pools and caches that the next attack uses again. */
  static final long KEPT_BYTES = 16L << 20;

  /** The max CPU time of an attack, which sends no more than an ordinary caller does in 1 s. */
  static final long CPU_MILLIS = 20_000;

  static final String HEAD =
      """
      | Attack | Bytes sent | Heap MiB idle / held / after | Direct MiB idle / held / after | CPU ms | Closed | Other callers | Faults |
      |---|--:|--:|--:|--:|--:|---|---|""";

  /** The faults of the server; empty when it withstood the attack. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    if (!alive) {
      faults.add("the process ended");
    }
    if (!alarms.isEmpty()) {
      faults.add("stderr: " + String.join(", ", alarms));
    }
    if (!others.isGood()) {
      faults.add("calls of others failed");
    }
    if (held.heapBytes() - idle.heapBytes() > HELD_BYTES) {
      faults.add("heap held");
    }
    if (held.directBytes() - idle.directBytes() > HELD_DIRECT_BYTES) {
      faults.add("direct memory held");
    }
    if (!isBack()) {
      faults.add("heap not back");
    }
    if (cpuMillis > CPU_MILLIS) {
      faults.add("CPU");
    }
    return faults;
  }

  boolean isBack() {
    return isBack(idle, after);
  }

  static boolean isBack(JvmMemory.Use idle, JvmMemory.Use now) {
    return now.heapBytes() - idle.heapBytes() <= KEPT_BYTES;
  }

  /** A row of a table in Markdown. */
  String row() {
    return "| %s | %,d | %d / %d / %d | %d / %d / %d | %,d | %d | %s | %s |"
        .formatted(
            attack,
            bytesSent,
            mebibytes(idle.heapBytes()),
            mebibytes(held.heapBytes()),
            mebibytes(after.heapBytes()),
            mebibytes(idle.directBytes()),
            mebibytes(held.directBytes()),
            mebibytes(after.directBytes()),
            cpuMillis,
            closed,
            others,
            faults().isEmpty() ? "none" : String.join("; ", faults()));
  }

  private static long mebibytes(long bytes) {
    return bytes >> 20;
  }
}
