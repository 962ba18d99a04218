package dev.userservice.operations;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.Tracer;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import io.vertx.core.spi.VertxTracerFactory;
import io.vertx.tracing.opentelemetry.OpenTelemetryTracingFactory;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Traces, for a collector that speaks OTLP. Off unless the standard variables of OpenTelemetry ask
 * for it; then none of its SDK is loaded.
 *
 * <p>All spans within a call have the call's span as their parent: vertx-opentelemetry keeps it in
 * the Vert.x context, and each call has its own context.
 */
public final class Tracing implements Shareable {

  private static final String LOCAL_MAP = "dev.userservice.tracing";

  /** The max time to send the remaining spans at the end. */
  private static final int FLUSH_MILLIS = 2_000;

  private final TracingSdk sdk;

  private Tracing(TracingSdk sdk) {
    this.sdk = sdk;
  }

  /**
   * Creates the tracing that environment and properties configure. {@code
   * OTEL_EXPORTER_OTLP_ENDPOINT}, {@code OTEL_EXPORTER_OTLP_TRACES_ENDPOINT} or {@code
   * OTEL_TRACES_EXPORTER} turn it on; {@code none} in the last and {@code OTEL_SDK_DISABLED} turn
   * it off. Each is also a property, such as {@code otel.exporter.otlp.endpoint}, which wins.
   *
   * @param service the default name of this program
   * @param version of this program; null when unknown
   * @return null when it is off
   * @throws TracingException when a value is invalid
   */
  public static Tracing from(
      Map<String, String> environment, Properties properties, String service, String version) {
    Map<String, String> settings = new TreeMap<>();
    environment.forEach(
        (name, value) -> {
          if (name.startsWith("OTEL_") && !value.isBlank()) {
            settings.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value.strip());
          }
        });
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith("otel.")) {
        settings.put(name, properties.getProperty(name).strip());
      }
    }
    return isOn(settings) ? new Tracing(TracingSdk.from(settings, service, version)) : null;
  }

  private static boolean isOn(Map<String, String> settings) {
    String exporter = settings.getOrDefault("otel.traces.exporter", "");
    return !settings.getOrDefault("otel.sdk.disabled", "").equalsIgnoreCase("true")
        && !exporter.equals("none")
        && (!exporter.isEmpty()
            || settings.containsKey("otel.exporter.otlp.endpoint")
            || settings.containsKey("otel.exporter.otlp.traces.endpoint"));
  }

  /** Returns the tracing of a Vert.x; null when it is off. */
  public static Tracing of(Vertx vertx) {
    return tracings(vertx).get(LOCAL_MAP);
  }

  /** The ids of the current span in the current Vert.x context. */
  public static TraceIds current() {
    return ids(Span.current());
  }

  /** The ids of a span; {@link TraceIds#NONE} for an invalid one. */
  public static TraceIds ids(Span span) {
    SpanContext context = span.getSpanContext();
    return context.isValid()
        ? new TraceIds(context.getTraceId(), context.getSpanId())
        : TraceIds.NONE;
  }

  /** The tracer factory to build a Vert.x with. */
  public VertxTracerFactory factory() {
    return new OpenTelemetryTracingFactory(sdk.openTelemetry());
  }

  /** Makes this available to verticles, by {@link #of}. */
  public void addTo(Vertx vertx) {
    tracings(vertx).put(LOCAL_MAP, this);
  }

  /** The tracer for spans of this project. */
  public Tracer tracer() {
    return openTelemetry().getTracer("dev.userservice");
  }

  OpenTelemetry openTelemetry() {
    return sdk.openTelemetry();
  }

  /** Sends the remaining spans; blocks for at most {@value #FLUSH_MILLIS} milliseconds. */
  public void close() {
    sdk.close(FLUSH_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static LocalMap<String, Tracing> tracings(Vertx vertx) {
    return vertx.sharedData().getLocalMap(LOCAL_MAP);
  }
}
