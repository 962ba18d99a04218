package dev.userservice.rpc;

import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * The memory that one call holds of the {@link MemoryBudget}. All of it is released when its stream
 * closes, so that nothing can leak. Belongs to the event loop of the call.
 */
final class CallMemory {

  private final ConnectionMemory connection;
  private final boolean refused;
  private long held;
  private boolean open = true;
  private Runnable onExceeded = () -> {};

  // Both null over HTTP/1.1.
  private Http2Stream stream;
  private Http2RemoteFlowController flow;

  CallMemory(ConnectionMemory connection, long held, boolean refused) {
    this.connection = connection;
    this.held = held;
    this.refused = refused;
  }

  /** Binds the call to its HTTP/2 stream. */
  void stream(Http2Stream stream, Http2RemoteFlowController flow) {
    this.stream = stream;
    this.flow = flow;
  }

  /** Returns true if Vert.x sends a write of so many bytes at once, instead of queueing it. */
  boolean isWritable(int bytes) {
    return flow == null || flow.isWritable(stream) && flow.windowSize(stream) >= bytes;
  }

  /** Returns true if the call is to end with {@link #refusal}: it started above the budget. */
  boolean isRefused() {
    // Its caller may have authenticated meanwhile.
    return refused && !connection.isWithin();
  }

  /** Sets a handler for arriving bytes that exceed the budget. */
  void onExceeded(Runnable handler) {
    onExceeded = handler;
  }

  /** Holds bytes within the budget; has no effect, and returns true, once the call is closed. */
  boolean hold(long bytes) {
    if (!open) {
      return true;
    }
    boolean has = connection.hold(bytes);
    if (has) {
      held += bytes;
    }
    return has;
  }

  /** Holds bytes that have arrived; the call ends if they exceed the budget. */
  void received(long bytes) {
    if (!hold(bytes)) {
      force(bytes);
      onExceeded.run();
    }
  }

  /** Holds bytes that exist already, even above the budget. */
  void force(long bytes) {
    if (open) {
      connection.force(bytes);
      held += bytes;
    }
  }

  void release(long bytes) {
    if (open) {
      held -= bytes;
      connection.release(bytes);
    }
  }

  RpcStatus refusal() {
    return connection.refusal();
  }

  void close() {
    if (open) {
      open = false;
      connection.callClosed();
      connection.release(held);
    }
  }
}
