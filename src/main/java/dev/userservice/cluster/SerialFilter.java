package dev.userservice.cluster;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.ObjectInputFilter.Config;
import java.io.ObjectInputFilter.FilterInfo;
import java.io.ObjectInputFilter.Status;

/**
 * Rejects every serialized Java object, except the stack traces that the engine of the replicated
 * log adds to a failure. JGroups deserializes an object before it knows whether the sender is a
 * member; our servers never send one. The engine sends its failures as objects, and by name to
 * receivers that reject the objects.
 */
public final class SerialFilter {

  private static final Logger LOG = LoggerFactory.getLogger(SerialFilter.class);

  private static final int MAX_FRAMES = 1_024;
  private static final int MAX_BYTES = 256 * 1024;

  private SerialFilter() {}

  /** Applies to the whole process; an operator's own {@code jdk.serialFilter} is kept. */
  public static void install() {
    if (Config.getSerialFilter() == null) {
      Config.setSerialFilter(
          object -> {
            if (isStackTrace(object)) {
              return Status.ALLOWED;
            }
            if (!isFailure(object.serialClass())) {
              LOG.warn(
                  "a Java object was sent to a port of the cluster and refused; servers never send one: check who can reach this port");
            }
            return Status.REJECTED;
          });
    }
  }

  private static boolean isFailure(Class<?> type) {
    return type != null && Throwable.class.isAssignableFrom(type);
  }

  private static boolean isStackTrace(FilterInfo object) {
    Class<?> type = object.serialClass();
    return object.arrayLength() <= MAX_FRAMES
        && object.streamBytes() <= MAX_BYTES
        && (type == null || type == StackTraceElement[].class || type == StackTraceElement.class);
  }
}
