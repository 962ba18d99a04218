package dev.userservice.rpc;

/** A failure that already knows how the call is answered. */
public final class RpcException extends RuntimeException {

  private final transient RpcStatus status;

  public RpcException(RpcStatus status) {
    // No stack trace: this is an answer to a caller, not a fault of ours.
    super(status.message(), null, false, false);
    this.status = status;
  }

  public RpcStatus status() {
    return status;
  }
}
