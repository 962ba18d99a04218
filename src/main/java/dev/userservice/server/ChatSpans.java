package dev.userservice.server;

import dev.userservice.cluster.ChatTraces;
import dev.userservice.operations.Tracing;
import dev.userservice.proto.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.Set;

/**
 * The traces of a chat that goes over several servers: who speaks on one has a span on each other
 * that has heard it.
 */
final class ChatSpans implements ChatTraces {

  private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

  private static final TextMapGetter<TraceContext> FIELDS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(TraceContext trace) {
          return Set.copyOf(W3C.fields());
        }

        @Override
        public String get(TraceContext trace, String field) {
          return field.equals("traceparent") ? trace.getTraceparent() : trace.getTracestate();
        }
      };

  private final Tracer tracer;

  ChatSpans(Tracing tracing) {
    this.tracer = tracing.tracer();
  }

  @Override
  public TraceContext speaking() {
    SpanContext speaking = Span.current().getSpanContext();
    if (!speaking.isValid() || !speaking.isSampled()) {
      return TraceContext.getDefaultInstance();
    }
    TraceContext.Builder trace = TraceContext.newBuilder();
    W3C.inject(
        Context.current(),
        trace,
        (fields, name, value) -> {
          if (name.equals("traceparent")) {
            fields.setTraceparent(value);
          } else {
            fields.setTracestate(value);
          }
        });
    return trace.build();
  }

  @Override
  public Runnable hearing(List<TraceContext> traces) {
    List<Span> spans = traces.stream().map(this::begin).toList();
    return () -> spans.forEach(Span::end);
  }

  private Span begin(TraceContext trace) {
    return tracer
        .spanBuilder("process chat")
        .setSpanKind(SpanKind.CONSUMER)
        .setParent(W3C.extract(Context.root(), trace, FIELDS))
        .setAttribute("messaging.system", "vertx")
        .setAttribute("messaging.operation.type", "process")
        .setAttribute("messaging.operation.name", "process")
        .setAttribute("messaging.destination.name", "chat")
        .startSpan();
  }
}
