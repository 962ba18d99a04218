package dev.userservice.operations;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;

/**
 * One line a call, at INFO; never what is in the messages, and never metadata, which may be secret.
 */
public final class AccessLog {

  private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

  private static final int MOST_CHARS = 200;

  /**
   * @param method the full name that the caller gave, of a method that there may not be
   * @param received messages that came in
   * @param sent messages that went out
   * @param caller the name of the caller; empty when it is not known
   */
  public void write(
      String method,
      GrpcStatus status,
      long millis,
      long received,
      long sent,
      String caller,
      SocketAddress peer) {
    String by = caller.isEmpty() ? "" : ", by " + printable(caller);
    LOG.info(
        "%s %s %d ms, %d in, %d out%s, from %s"
            .formatted(printable(method), status.name(), millis, received, sent, by, peer));
  }

  /** The caller chose it, so it must not look like a line of its own. */
  private static String printable(String given) {
    String text = given.replaceAll("[^\\x21-\\x7e]", "?");
    return text.length() <= MOST_CHARS ? text : text.substring(0, MOST_CHARS) + "...";
  }
}
