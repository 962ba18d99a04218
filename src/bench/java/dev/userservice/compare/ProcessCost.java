package dev.userservice.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The costs of a process, as Linux counts them in /proc. */
final class ProcessCost {

  /** Of the times in /proc/PID/stat; the kernel shows them in this unit whatever it counts in. */
  private static final double TICKS_PER_SECOND = 100;

  /** The fields behind the name, which may hold blanks: man 5 proc counts from 1, and from pid. */
  private static final int UTIME = 14 - 3;

  private static final int STIME = 15 - 3;

  private ProcessCost() {}

  /** User and system time of all threads, also of ended ones. */
  static double cpuSeconds(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME])) / TICKS_PER_SECOND;
  }

  static double residentMegabytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("process " + pid + " has no memory: it has ended");
  }
}
