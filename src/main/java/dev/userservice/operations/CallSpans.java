package dev.userservice.operations;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.vertx.core.MultiMap;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.util.EnumSet;
import java.util.Set;

/**
 * One SERVER span per call, by OpenTelemetry's semantic conventions for gRPC; a child of the span
 * in the caller's {@code traceparent} (W3C Trace Context). It contains no messages, no metadata and
 * no caller.
 */
public final class CallSpans {

  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("rpc.system.name");
  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("rpc.method");
  private static final AttributeKey<String> STATUS =
      AttributeKey.stringKey("rpc.response.status_code");
  private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
  private static final AttributeKey<String> SERVER = AttributeKey.stringKey("server.address");
  private static final AttributeKey<Long> SERVER_PORT = AttributeKey.longKey("server.port");
  private static final AttributeKey<String> PEER = AttributeKey.stringKey("network.peer.address");
  private static final AttributeKey<Long> PEER_PORT = AttributeKey.longKey("network.peer.port");

  private static final String GRPC = "grpc";

  /** The statuses that are failures of the server, not of the caller. */
  private static final Set<GrpcStatus> ERRORS =
      EnumSet.of(
          GrpcStatus.UNKNOWN,
          GrpcStatus.DEADLINE_EXCEEDED,
          GrpcStatus.UNIMPLEMENTED,
          GrpcStatus.INTERNAL,
          GrpcStatus.UNAVAILABLE,
          GrpcStatus.DATA_LOSS);

  private static final TextMapGetter<MultiMap> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(MultiMap headers) {
          return headers.names();
        }

        @Override
        public String get(MultiMap headers, String name) {
          return headers.get(name);
        }
      };

  private final Tracer tracer;
  private final TextMapPropagator propagator;
  private final Set<String> methods;

  /**
   * @param methods the full names of all methods
   */
  public CallSpans(Tracing tracing, Set<String> methods) {
    this.tracer = tracing.tracer();
    this.propagator = tracing.openTelemetry().getPropagators().getTextMapPropagator();
    this.methods = methods;
  }

  /**
   * Starts the span of a call, and makes it the parent of all later spans in the current Vert.x
   * context, which belongs to this call alone.
   */
  @SuppressWarnings("MustBeClosedChecker")
  public Span begin(String method, MultiMap headers, SocketAddress here, SocketAddress peer) {
    Context caller = propagator.extract(Context.root(), headers, HEADERS);
    boolean known = methods.contains(method);
    Span span =
        tracer
            .spanBuilder(known ? method : GRPC)
            .setSpanKind(SpanKind.SERVER)
            .setParent(caller)
            .setAttribute(SYSTEM, GRPC)
            .setAttribute(METHOD, known ? method : Metrics.OTHER)
            .setAttribute(SERVER, here.hostAddress())
            .setAttribute(SERVER_PORT, (long) here.port())
            .setAttribute(PEER, peer.hostAddress())
            .setAttribute(PEER_PORT, (long) peer.port())
            .startSpan();
    caller.with(span).makeCurrent();
    return span;
  }

  /** Ends the span of a call. */
  public static void end(Span span, GrpcStatus status) {
    span.setAttribute(STATUS, status.name());
    if (ERRORS.contains(status)) {
      span.setAttribute(ERROR, status.name());
      span.setStatus(StatusCode.ERROR);
    }
    span.end();
  }
}
