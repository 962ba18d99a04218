package dev.userservice.operations;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.resources.Resource;
import java.net.URI;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The SDK of OpenTelemetry; a class of its own, so that the SDK is loaded only when needed. */
final class TracingSdk {

  private static final String PROTOCOL = "http/protobuf";

  /**
   * Traces only, and only by the protocol of the JDK's HTTP client. Baggage from callers is
   * ignored: it is not used here, and would be passed on.
   */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "otel.exporter.otlp.protocol", PROTOCOL,
          "otel.metrics.exporter", "none",
          "otel.logs.exporter", "none",
          "otel.propagators", "tracecontext");

  private static final AttributeKey<String> NAME = AttributeKey.stringKey("service.name");
  private static final AttributeKey<String> VERSION = AttributeKey.stringKey("service.version");
  private static final AttributeKey<String> INSTANCE =
      AttributeKey.stringKey("service.instance.id");

  private final OpenTelemetrySdk sdk;

  private TracingSdk(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
  }

  /** Creates the SDK as {@link Tracing#from} does, from settings by the names of properties. */
  static TracingSdk from(Map<String, String> settings, String service, String version) {
    check(settings);
    Map<String, String> properties = new HashMap<>(DEFAULTS);
    properties.putAll(settings);
    try {
      return new TracingSdk(
          AutoConfiguredOpenTelemetrySdk.builder()
              .addPropertiesSupplier(() -> properties)
              .addResourceCustomizer((resource, config) -> named(resource, service, version))
              .addSpanExporterCustomizer((exporter, config) -> new ReportedExporter(exporter))
              // Vert.x must close first, because that ends its spans.
              .disableShutdownHook()
              .build()
              .getOpenTelemetrySdk());
    } catch (ConfigurationException refused) {
      throw new TracingException("OTEL_...: " + reason(refused));
    }
  }

  /**
   * Refuses values that the SDK would ignore silently, or refuse with a message that contains the
   * value, which may be secret.
   */
  private static void check(Map<String, String> settings) {
    String exporter = settings.getOrDefault("otel.traces.exporter", "otlp");
    if (!exporter.equals("otlp")) {
      throw refused("otel.traces.exporter", "\"%s\", but must be otlp or none".formatted(exporter));
    }
    for (String signal : new String[] {"", "traces."}) {
      String protocol = "otel.exporter.otlp." + signal + "protocol";
      String said = settings.getOrDefault(protocol, PROTOCOL);
      if (!said.equals(PROTOCOL)) {
        throw refused(
            protocol,
            "\"%s\", but must be %s; collectors take it on port 4318".formatted(said, PROTOCOL));
      }
      String endpoint = "otel.exporter.otlp." + signal + "endpoint";
      if (settings.containsKey(endpoint) && !isUsable(settings.get(endpoint))) {
        throw refused(
            endpoint, "not a URL such as http://127.0.0.1:4318, without a user or a query");
      }
    }
  }

  private static boolean isUsable(String endpoint) {
    try {
      URI uri = URI.create(endpoint);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getPort() <= 65_535
          && uri.getUserInfo() == null
          && uri.getQuery() == null
          && uri.getFragment() == null;
    } catch (IllegalArgumentException noUri) {
      return false;
    }
  }

  private static TracingException refused(String property, String why) {
    return new TracingException(
        "%s (-D%s) is %s"
            .formatted(property.toUpperCase(Locale.ROOT).replace('.', '_'), property, why));
  }

  /** The first informative message. */
  private static String reason(ConfigurationException refused) {
    Throwable cause = refused.getCause();
    return refused.getMessage().startsWith("Unexpected") && cause != null
        ? String.valueOf(cause.getMessage())
        : refused.getMessage();
  }

  private static Resource named(Resource resource, String service, String version) {
    AttributesBuilder ours = Attributes.builder();
    String name = resource.getAttribute(NAME);
    if (name == null || name.startsWith("unknown_service")) {
      ours.put(NAME, service);
    }
    if (resource.getAttribute(VERSION) == null && version != null) {
      ours.put(VERSION, version);
    }
    if (resource.getAttribute(INSTANCE) == null) {
      ours.put(INSTANCE, UUID.randomUUID().toString());
    }
    return resource.merge(Resource.create(ours.build()));
  }

  OpenTelemetry openTelemetry() {
    return sdk;
  }

  void close(long time, TimeUnit unit) {
    sdk.shutdown().join(time, unit);
  }
}
