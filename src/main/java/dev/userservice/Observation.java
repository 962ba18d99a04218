package dev.userservice;

import dev.userservice.config.ServerConfig;
import dev.userservice.operations.AccessLog;
import dev.userservice.operations.CallSpans;
import dev.userservice.operations.Tracing;
import dev.userservice.rpc.CallInfo;
import dev.userservice.rpc.Interceptor;
import dev.userservice.security.Caller;
import io.opentelemetry.api.trace.Span;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Set;

/**
 * Tells those who operate the server of each call: first of all interceptors, so that refused calls
 * are seen too. For one event loop.
 */
final class Observation implements Interceptor {

  private final AccessLog accessLog = new AccessLog();
  private final boolean logging;
  private final CallSpans spans;

  /**
   * @param tracing null when it is off
   * @param methods the full names of those that there are
   */
  Observation(ServerConfig config, Tracing tracing, Set<String> methods) {
    logging = config.accessLog();
    spans = tracing == null ? null : new CallSpans(tracing, methods);
  }

  @Override
  public Future<Void> intercept(CallInfo call) {
    if (spans != null) {
      trace(call);
    }
    if (logging) {
      call.onEnd(status -> log(call, status));
    }
    return Future.succeededFuture();
  }

  private void trace(CallInfo call) {
    Span span =
        spans.begin(call.method(), call.headers(), call.connection().localAddress(), call.peer());
    call.onEnd(status -> CallSpans.end(span, status));
  }

  private void log(CallInfo call, GrpcStatus status) {
    accessLog.write(
        call.method(),
        status,
        call.millis(),
        call.received(),
        call.sent(),
        caller(call),
        call.peer());
  }

  private static String caller(CallInfo call) {
    Caller caller = call.attachment(Caller.class);
    return caller == null ? "" : caller.name();
  }
}
