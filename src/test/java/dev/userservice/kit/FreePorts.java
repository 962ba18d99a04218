package dev.userservice.kit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Loopback ports below the range of which the system gives ports to servers on port 0 and to
 * clients: they stay free while nothing listens on them.
 */
public final class FreePorts {

  private static final int FIRST = 10_000;
  private static final int FIRST_OF_CLUSTERS = 20_000;

  /** A cluster uses ten ports, and ten more a hundred above them. */
  private static final int CLUSTERS_IN_A_BLOCK = 5;

  private static final int BLOCK = 200;
  private static final int BLOCKS = 60;

  private static final Random RANDOM = new Random();

  /** Another start in each JVM: test classes run in several. */
  private static final AtomicInteger NEXT_CLUSTER = new AtomicInteger(RANDOM.nextInt(10_000));

  private FreePorts() {}

  public static int one() {
    while (true) {
      int port = FIRST + RANDOM.nextInt(FIRST_OF_CLUSTERS - FIRST);
      if (isFree(port)) {
        return port;
      }
    }
  }

  /** A value for {@code cluster.port}, with ports that no other cluster looks at. */
  public static int ofCluster() {
    while (true) {
      int number = NEXT_CLUSTER.getAndIncrement() % (BLOCKS * CLUSTERS_IN_A_BLOCK);
      int port =
          FIRST_OF_CLUSTERS
              + number / CLUSTERS_IN_A_BLOCK * BLOCK
              + number % CLUSTERS_IN_A_BLOCK * (BLOCK / 2 / CLUSTERS_IN_A_BLOCK);
      if (isFree(port)) {
        return port;
      }
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
      return free.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
