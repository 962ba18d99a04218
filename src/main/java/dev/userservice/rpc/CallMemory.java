package dev.userservice.rpc;

import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * What one call holds of the {@link MemoryBudget}. All of it is released when its stream closes, so
 * that nothing can be forgotten. Belongs to the event loop of the call.
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

  /** Whether what is written next leaves Vert.x at once, instead of waiting in its queue. */
  boolean isWritable() {
    return flow == null || flow.isWritable(stream);
  }

  /** Whether the call gets {@link #refusal} and no more: the budget was exceeded when it began. */
  boolean isRefused() {
    // Its caller may have turned out to be known meanwhile.
    return refused && !connection.isWithin();
  }

  /** Called when bytes arrive that the budget does not have. */
  void onExceeded(Runnable handler) {
    onExceeded = handler;
  }

  /** Holds bytes if the budget has them; true once the call is closed, which holds nothing. */
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

  /** Holds bytes that have arrived; the call ends when the budget does not have them. */
  void received(long bytes) {
    if (!hold(bytes)) {
      force(bytes);
      onExceeded.run();
    }
  }

  /** Holds bytes that are there already, whatever the budget says. */
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
