package dev.userservice.attack;

import dev.userservice.kit.JvmCommands;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The memory of another JVM, as its own diagnostic commands measure it. */
final class JvmMemory {

  /**
   * One measurement.
   *
   * @param heapBytes in use after a full collection
   * @param directBytes outside the heap, for buffers
   */
  record Use(long heapBytes, long directBytes) {

    Use max(Use other) {
      return new Use(
          Math.max(heapBytes, other.heapBytes), Math.max(directBytes, other.directBytes));
    }
  }

  /** One line per generation, or one of all, as collectors differ. */
  private static final Pattern HEAP = Pattern.compile("(?m)^ \\S.* total \\d+K, used (\\d+)K");

  private static final Pattern BUFFERS =
      Pattern.compile("(?m)^-\\s+Other \\(reserved=\\d+KB, committed=(\\d+)KB");

  private final JvmCommands commands;

  /**
   * @param pid of a JVM that runs its program
   */
  JvmMemory(long pid) throws IOException {
    commands = new JvmCommands(pid);
  }

  /** Collects all garbage, and measures the rest. */
  synchronized Use measure() throws IOException {
    commands.run("GC.run");
    return new Use(
        sum(HEAP, commands.run("GC.heap_info")),
        sum(BUFFERS, commands.run("VM.native_memory summary")));
  }

  private static long sum(Pattern pattern, String text) throws IOException {
    Matcher matcher = pattern.matcher(text);
    long kilobytes = 0;
    boolean found = false;
    while (matcher.find()) {
      kilobytes += Long.parseLong(matcher.group(1));
      found = true;
    }
    if (!found) {
      throw new IOException("no memory is reported: " + text);
    }
    return kilobytes << 10;
  }
}
