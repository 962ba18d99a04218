package dev.userservice.attack;

import dev.userservice.kit.Waits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

  private static final int WAIT_SECONDS = Waits.SECONDS;

  /** One line per generation, or one of all, as collectors differ. */
  private static final Pattern HEAP = Pattern.compile("(?m)^ \\S.* total \\d+K, used (\\d+)K");

  private static final Pattern BUFFERS =
      Pattern.compile("(?m)^-\\s+Other \\(reserved=\\d+KB, committed=(\\d+)KB");

  private static final String COMMANDS = "GC.run\nGC.heap_info\nVM.native_memory summary\n";

  private final long pid;
  private final Path commands;
  private final Path output;

  JvmMemory(long pid, Path folder) throws IOException {
    this.pid = pid;
    commands = Files.writeString(folder.resolve("jcmd.txt"), COMMANDS);
    output = folder.resolve("jcmd.out");
  }

  /** Collects all garbage, and measures the rest. */
  synchronized Use measure() throws IOException, InterruptedException {
    String text = run("-f", commands.toString());
    return new Use(sum(HEAP, text), sum(BUFFERS, text));
  }

  /** The classes that hold most of the heap. */
  synchronized String histogram(int lines) throws IOException, InterruptedException {
    return String.join(
        "\n", run("GC.class_histogram").lines().filter(l -> !l.isBlank()).limit(lines).toList());
  }

  private String run(String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    line.add("-J-XX:TieredStopAtLevel=1");
    line.add(Long.toString(pid));
    line.addAll(List.of(command));
    Process jcmd =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      if (!jcmd.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("jcmd did not complete within " + WAIT_SECONDS + " s");
      }
      return Files.readString(output);
    } finally {
      jcmd.destroyForcibly();
    }
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
      throw new IOException("jcmd did not report memory: " + text);
    }
    return kilobytes << 10;
  }
}
