package dev.userservice.cluster;

/** The cluster cannot be joined. Its message is for operators. */
public final class ClusterException extends RuntimeException {

  private final boolean address;

  private ClusterException(String message, boolean address, Throwable cause) {
    super(message, cause);
    this.address = address;
  }

  static ClusterException address(String host, int firstPort, int lastPort, Throwable cause) {
    return new ClusterException(
        "cannot listen for other servers on %s, port %d to %d: \"cluster.host\" and \"cluster.port\""
            .formatted(host, firstPort, lastPort),
        true,
        cause);
  }

  static ClusterException of(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new ClusterException("cannot join the cluster: " + root.getMessage(), false, failure);
  }

  /** Returns true when the cause is an address that cannot be bound. */
  public boolean isAddress() {
    return address;
  }
}
