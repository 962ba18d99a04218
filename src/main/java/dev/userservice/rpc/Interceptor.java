package dev.userservice.rpc;

import io.vertx.core.Future;

/**
 * Sees every call: of every service, over gRPC and gRPC-Web, known method or not, before any
 * message of it is read. Called on the event loop of the call.
 */
@FunctionalInterface
public interface Interceptor {

  /**
   * A call has come. What it wants to know of the end it asks for with {@link CallInfo#onEnd}.
   *
   * @return the call goes on when this completes, on its event loop; what this fails with, or
   *     throws, becomes its status
   */
  Future<Void> intercept(CallInfo call);
}
