package dev.userservice;

import dev.userservice.config.ServerConfig;
import dev.userservice.operations.AccessLog;
import dev.userservice.operations.CallMeters;
import dev.userservice.rpc.CallInfo;
import dev.userservice.rpc.Interceptor;
import dev.userservice.security.Caller;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Optional;

/**
 * Tells those who operate the server of each call: first of all interceptors, so that refused calls
 * are seen too. For one event loop.
 */
final class Observation implements Interceptor {

  private final AccessLog accessLog = new AccessLog();
  private final boolean logging;
  private final CallMeters meters;

  Observation(ServerConfig config, Optional<CallMeters> meters) {
    logging = config.accessLog();
    this.meters = meters.orElse(null);
  }

  @Override
  public Future<Void> intercept(CallInfo call) {
    if (logging) {
      call.onEnd(status -> log(call, status));
    }
    if (meters != null) {
      Measurement measurement = new Measurement(call, meters.of(call.method()));
      call.whileOpen(measurement::countMessages);
      call.onEnd(measurement::end);
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

  /**
   * What the meters are told of a call. Its messages are counted from time to time, all at once.
   */
  private static final class Measurement {

    private final CallInfo call;
    private final CallMeters.Method meter;
    private long received;
    private long sent;

    Measurement(CallInfo call, CallMeters.Method meter) {
      this.call = call;
      this.meter = meter;
      meter.begin();
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
