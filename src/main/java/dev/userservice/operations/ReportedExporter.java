package dev.userservice.operations;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Logs once when the collector stops accepting spans, and once when it accepts them again. The
 * exporter itself logs each failed batch with a stack trace; the logging configuration turns that
 * off.
 */
final class ReportedExporter implements SpanExporter {

  private static final Logger LOG = LoggerFactory.getLogger(Tracing.class);

  private final SpanExporter exporter;
  private final AtomicBoolean failing = new AtomicBoolean();
  private volatile boolean ending;

  ReportedExporter(SpanExporter exporter) {
    this.exporter = exporter;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exporter.export(spans);
    return result.whenComplete(() -> report(result));
  }

  private void report(CompletableResultCode result) {
    if (result.isSuccess()) {
      if (failing.compareAndSet(true, false)) {
        LOG.warn("the trace collector takes spans again");
      }
    } else if (!ending && failing.compareAndSet(false, true)) {
      LOG.warn("spans are dropped: " + why(result.getFailureThrowable()));
    }
  }

  private static String why(Throwable failure) {
    Throwable cause = failure == null ? null : failure.getCause();
    return cause == null
        ? "the trace collector refuses them; check the path and the headers of OTEL_EXPORTER_OTLP_..."
        : "the trace collector cannot be reached (" + cause.getClass().getSimpleName() + ")";
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    ending = true;
    return exporter.shutdown();
  }
}
