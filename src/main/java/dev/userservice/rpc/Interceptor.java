package dev.userservice.rpc;

import io.vertx.core.Future;

/**
 * Observes or refuses every call: of all services and of unknown methods, over gRPC and gRPC-Web.
 * Called on the event loop of the call.
 */
@FunctionalInterface
public interface Interceptor {

  /**
   * Called once per call, before any message is read. Register with {@link CallInfo#onEnd} to learn
   * how the call ends.
   *
   * @return completes, on the event loop of the call, when the call may continue; a failure, or a
   *     thrown exception, becomes the status of the call
   */
  Future<Void> intercept(CallInfo call);
}
