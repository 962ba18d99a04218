package dev.userservice.rpc;

import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import com.google.protobuf.Descriptors.MethodDescriptor;

/**
 * A method that callers name.
 *
 * @param name its full name, such as {@code users.v1.UserService/GetUser}
 * @param path the path for the gRPC server of Vert.x
 * @param kind tells how many messages it has in either direction; null for an unknown method
 * @param messageBytes the max size of a request message
 */
record BoundMethod(String name, String path, MethodDescriptor kind, int messageBytes) {

  /**
   * One path for all unknown methods. Vert.x would look up an unknown path by each of its prefixes,
   * and answers some odd paths itself.
   */
  private static final String UNKNOWN = "/unknown";

  /** The max length of an unknown method's name; the rest is cut. */
  private static final int MAX_NAME_CHARS = 256;

  /** A method that is not served, named by a path. */
  static BoundMethod unknown(String path, int messageBytes) {
    int from = path.startsWith("/") ? 1 : 0;
    String name = path.substring(from, Math.min(path.length(), from + MAX_NAME_CHARS));
    return new BoundMethod(name, UNKNOWN, null, messageBytes);
  }

  boolean isKnown() {
    return kind != null;
  }

  boolean isStream() {
    return isKnown() && (kind.isClientStreaming() || kind.isServerStreaming());
  }

  boolean isBidirectional() {
    return isKnown() && kind.isClientStreaming() && kind.isServerStreaming();
  }

  /** Returns true if Connect may call this by GET. */
  boolean isSafe() {
    return isKnown()
        && !isStream()
        && kind.getOptions().getIdempotencyLevel() == IdempotencyLevel.NO_SIDE_EFFECTS;
  }
}
