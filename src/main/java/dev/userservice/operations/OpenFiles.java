package dev.userservice.operations;

import com.sun.management.UnixOperatingSystemMXBean;
import io.vertx.core.VertxOptions;
import java.lang.management.ManagementFactory;

/** The files that the operating system lets this process have open: a connection is one too. */
public final class OpenFiles {

  /** For the store, the cluster, the log and the management port. */
  private static final int KEPT_FREE = 256;

  private OpenFiles() {}

  /**
   * Turns off Vert.x's cache of class path files, which nothing here reads: a temporary folder that
   * stays after each kill.
   */
  public static VertxOptions withoutCache(VertxOptions options) {
    options.getFileSystemOptions().setClassPathResolvingEnabled(false).setFileCachingEnabled(false);
    return options;
  }

  /**
   * How many connections the process has files for, besides what is open now and 256 for all else;
   * at least 1. To be asked once, at the start.
   */
  public static int forConnections() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      long free = unix.getMaxFileDescriptorCount() - unix.getOpenFileDescriptorCount() - KEPT_FREE;
      return (int) Math.max(1, Math.min(Integer.MAX_VALUE, free));
    }
    return Integer.MAX_VALUE;
  }
}
