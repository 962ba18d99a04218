package dev.userservice.rpc;

/**
 * Sees every call: of every service, over gRPC and gRPC-Web, known method or not, before any
 * message of it is read. Called on the event loop of the call.
 */
@FunctionalInterface
public interface Interceptor {

  /**
   * A call has come. What this throws becomes its status; what it wants to know of the end it asks
   * for with {@link CallInfo#onEnd}.
   */
  void intercept(CallInfo call);
}
