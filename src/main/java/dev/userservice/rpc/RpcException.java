package dev.userservice.rpc;

/** A failure with the status that answers the call. */
public final class RpcException extends RuntimeException {

  private final transient RpcStatus status;

  public RpcException(RpcStatus status) {
    // Without a stack trace: this is an answer to a caller, not an error of the server.
    super(status.message(), null, false, false);
    this.status = status;
  }

  public RpcStatus status() {
    return status;
  }
}
