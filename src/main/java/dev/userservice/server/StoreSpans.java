package dev.userservice.server;

import dev.userservice.config.StoreType;
import dev.userservice.operations.Tracing;
import dev.userservice.store.StoreException;
import dev.userservice.store.StoreObserver;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;

/**
 * One span for each question of a traced call to the store, whichever it is: what a store does for
 * several calls together has no one call to belong to. By OpenTelemetry's conventions for
 * databases, without statements.
 */
final class StoreSpans implements StoreObserver {

  private static final Operation NOT_TRACED = failure -> {};

  private final Tracer tracer;
  private final String system;
  private final SpanKind kind;

  StoreSpans(Tracing tracing, StoreType type) {
    this.tracer = tracing.tracer();
    this.system = type.system();
    this.kind = type == StoreType.MEMORY ? SpanKind.INTERNAL : SpanKind.CLIENT;
  }

  @Override
  public Operation begin(String operation) {
    if (!Span.current().getSpanContext().isValid()) {
      return NOT_TRACED;
    }
    SpanBuilder builder =
        tracer
            .spanBuilder("store " + operation)
            .setSpanKind(kind)
            .setAttribute("db.system.name", system)
            .setAttribute("db.operation.name", operation);
    Span span = builder.startSpan();
    return failure -> end(span, failure);
  }

  private static void end(Span span, Throwable failure) {
    if (failure != null) {
      boolean known = failure instanceof StoreException;
      StoreException.Reason reason = known ? ((StoreException) failure).reason() : null;
      span.setAttribute("error.type", known ? reason.name() : failure.getClass().getName());
      if (!known || !isAnswer(reason)) {
        span.setStatus(StatusCode.ERROR);
      }
    }
    span.end();
  }

  /** Returns true if the store has done what it was asked for. */
  private static boolean isAnswer(StoreException.Reason reason) {
    return switch (reason) {
      case NOT_FOUND, EMAIL_TAKEN, ABANDONED -> true;
      default -> false;
    };
  }
}
