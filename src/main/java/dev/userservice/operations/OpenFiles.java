package dev.userservice.operations;

import com.sun.management.UnixOperatingSystemMXBean;
import io.vertx.core.VertxOptions;
import java.lang.management.ManagementFactory;

/** The files that this process may have open by the operating system; a connection is one. */
public final class OpenFiles {

  /** For the store, the cluster, the log and the management port. */
  private static final int KEPT_FREE = 256;

  private OpenFiles() {}

  /**
   * Turns off Vert.x's cache of class path files, which is not used here: it is a temporary folder
   * that stays behind when the process is killed.
   */
  public static VertxOptions withoutCache(VertxOptions options) {
    options.getFileSystemOptions().setClassPathResolvingEnabled(false).setFileCachingEnabled(false);
    return options;
  }

  /**
   * The number of connections that the process has files for, besides those open now and 256 for
   * all else; at least 1. Call once, at the start.
   */
  public static int forConnections() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      long free = unix.getMaxFileDescriptorCount() - unix.getOpenFileDescriptorCount() - KEPT_FREE;
      return (int) Math.max(1, Math.min(Integer.MAX_VALUE, free));
    }
    return Integer.MAX_VALUE;
  }
}
