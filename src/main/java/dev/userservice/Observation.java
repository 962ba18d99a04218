package dev.userservice;

import dev.userservice.config.ServerConfig;
import dev.userservice.operations.AccessLog;
import dev.userservice.rpc.CallInfo;
import dev.userservice.rpc.Interceptor;
import dev.userservice.security.Caller;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;

/**
 * Tells those who operate the server of each call: first of all interceptors, so that refused calls
 * are seen too. For one event loop.
 */
final class Observation implements Interceptor {

  private final AccessLog accessLog = new AccessLog();
  private final boolean logging;

  Observation(ServerConfig config) {
    logging = config.accessLog();
  }

  @Override
  public Future<Void> intercept(CallInfo call) {
    if (logging) {
      call.onEnd(status -> log(call, status));
    }
    return Future.succeededFuture();
  }

  private void log(CallInfo call, GrpcStatus status) {
    accessLog.write(
        call.method(),
        status,
        call.millis(),
        call.received(),
        call.sent(),
        caller(call),
        call.peer(),
        "");
  }

  private static String caller(CallInfo call) {
    Caller caller = call.attachment(Caller.class);
    return caller == null ? "" : caller.name();
  }
}
