package dev.userservice.server;

import dev.userservice.access.Caller;
import dev.userservice.config.ServerConfig;
import dev.userservice.operations.AccessLog;
import dev.userservice.operations.CallMeters;
import dev.userservice.operations.CallSpans;
import dev.userservice.operations.Tracing;
import dev.userservice.rpc.CallInfo;
import dev.userservice.rpc.Interceptor;
import io.opentelemetry.api.trace.Span;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Optional;
import java.util.Set;

/**
 * Tells those who operate the server of each call: first of all interceptors, so that refused calls
 * are seen too. For one event loop.
 */
public final class Observation implements Interceptor {

  private final AccessLog accessLog = new AccessLog();
  private final boolean logging;
  private final CallMeters meters;

  private final CallSpans spans;

  /**
   * @param meters empty without metrics
   * @param tracing null when it is off
   * @param methods the full names of all methods of the server
   */
  public Observation(
      ServerConfig config, Optional<CallMeters> meters, Tracing tracing, Set<String> methods) {
    logging = config.accessLog();
    this.meters = meters.orElse(null);
    spans = tracing == null ? null : new CallSpans(tracing, methods);
  }

  @Override
  public Future<Void> intercept(CallInfo call) {
    String traceId = spans == null ? "" : trace(call);
    if (logging) {
      call.onEnd(status -> log(call, status, traceId));
    }
    if (meters != null) {
      Measurement measurement = new Measurement(call, meters.of(call.method()));
      call.whileOpen(measurement::countMessages);
      call.onEnd(measurement::end);
    }
    return Future.succeededFuture();
  }

  private String trace(CallInfo call) {
    Span span =
        spans.begin(call.method(), call.headers(), call.connection().localAddress(), call.peer());
    call.onEnd(status -> CallSpans.end(span, status));
    return Tracing.ids(span).traceId();
  }

  private void log(CallInfo call, GrpcStatus status, String traceId) {
    accessLog.write(
        call.method(),
        call.protocol().label(),
        status,
        call.millis(),
        call.received(),
        call.sent(),
        caller(call),
        call.peer(),
        traceId);
  }

  private static String caller(CallInfo call) {
    Caller caller = call.attachment(Caller.class);
    return caller == null ? "" : caller.name();
  }

  /**
   * The record of a call for the meters. Its messages are counted from time to time, all at once.
   */
  private static final class Measurement {

    private final CallInfo call;
    private final CallMeters.Method meter;
    private long received;
    private long sent;

    Measurement(CallInfo call, CallMeters.Method meter) {
      this.call = call;
      this.meter = meter;
      meter.begin(call.protocol().label());
    }

    void countMessages() {
      meter.messages(call.received() - received, call.sent() - sent);
      received = call.received();
      sent = call.sent();
    }

    void end(GrpcStatus status) {
      countMessages();
      meter.end(status, call.reason(), call.nanos());
    }
  }
}
