package dev.userservice.cluster;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.ObjectInputFilter.Config;
import java.io.ObjectInputFilter.Status;

/**
 * Lets no Java object into this process that is read from bytes. JGroups reads one out of a message
 * before it knows whether the sender is a member; servers of ours send each other none.
 */
final class SerialFilter {

  private static final Logger LOG = LoggerFactory.getLogger(SerialFilter.class);

  private SerialFilter() {}

  /** For the whole process, and for good; that of an operator, {@code jdk.serialFilter}, stays. */
  static void install() {
    if (Config.getSerialFilter() == null) {
      Config.setSerialFilter(
          object -> {
            LOG.warn(
                "a Java object was sent to a port of the cluster, and refused: no server does that");
            return Status.REJECTED;
          });
    }
  }
}
