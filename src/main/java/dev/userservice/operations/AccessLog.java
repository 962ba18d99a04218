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

  private static final int MOST_METHOD_CHARS = 200;

  /**
   * @param method the full name that the caller gave, of a method that there may not be
   * @param received messages that came in
   * @param sent messages that went out
   */
  public void write(
      String method, GrpcStatus status, long millis, long received, long sent, SocketAddress peer) {
    LOG.info(
        "%s %s %d ms, %d in, %d out, from %s"
            .formatted(printable(method), status.name(), millis, received, sent, peer));
  }

  /** The caller chose it, so it must not look like a line of its own. */
  private static String printable(String method) {
    String text = method.replaceAll("[^\\x21-\\x7e]", "?");
    return text.length() <= MOST_METHOD_CHARS ? text : text.substring(0, MOST_METHOD_CHARS) + "...";
  }
}
