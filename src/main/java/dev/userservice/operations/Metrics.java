package dev.userservice.operations;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.shareddata.Shareable;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.DoubleStream;

/**
 * The metrics, for Prometheus. Names are those of the OpenTelemetry conventions where these have
 * one. The values of a label are a fixed set, so that callers cannot invent new ones.
 *
 * <p>Thread-safe.
 */
public final class Metrics implements Shareable {

  /**
   * The bounds that the OpenTelemetry conventions advise for durations, and shorter ones, because
   * most calls take less than a millisecond.
   */
  private static final Duration[] DURATIONS =
      seconds(
          0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,
          2.5, 5, 7.5, 10);

  /**
   * The label value of the OpenTelemetry conventions for everything unknown, such as unknown
   * methods: callers can invent any number of names.
   */
  public static final String OTHER = "_OTHER";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics garbageCollection = new JvmGcMetrics();

  /**
   * @param version of this program
   */
  public Metrics(String version) {
    new JvmMemoryMetrics().bindTo(registry);
    garbageCollection.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    gauge("user_service.info", "Always 1", Tags.of("version", version), () -> 1);
  }

  /**
   * Turns on the metrics of Vert.x for its pools of threads and connections, and for the event bus
   * of a cluster. Its metrics of calls lack the gRPC status, so {@link CallMeters} replaces them.
   */
  public VertxBuilder of(VertxBuilder builder, VertxOptions options) {
    MicrometerMetricsOptions metrics = new MicrometerMetricsOptions().setEnabled(true);
    Set<MetricsDomain> enabled = Set.of(MetricsDomain.NAMED_POOLS, MetricsDomain.EVENT_BUS);
    Arrays.stream(MetricsDomain.values())
        .filter(domain -> !enabled.contains(domain))
        .forEach(metrics::addDisabledMetricsCategory);
    // Each connection would register the same gauge; the metrics of the pools are better.
    metrics.addDisabledMetricsCategory("sql");
    return builder
        .with(options.setMetricsOptions(metrics))
        .withMetrics(new MicrometerMetricsFactory(registry));
  }

  /**
   * Creates the meters of calls.
   *
   * @param methods the full names of all methods
   */
  public CallMeters calls(Set<String> methods) {
    return new CallMeters(this, methods);
  }

  /**
   * Creates the meters of a store.
   *
   * @param system the kind of store
   */
  public StoreMeters store(String system) {
    return new StoreMeters(this, system);
  }

  /** The delay of event loops, measured by timers. */
  public Timer eventLoopLag() {
    return timer("vertx.eventloop.lag", "Delay of event loops", Tags.empty());
  }

  /** Registers a number that goes up and down. */
  public void gauge(String name, String description, Tags tags, LongSupplier value) {
    // "this" is a weak reference in Micrometer; the lambda is a strong one.
    Gauge.builder(name, this, self -> value.getAsLong())
        .description(description)
        .tags(tags)
        .register(registry);
  }

  /** Registers a number that only goes up. */
  public void counter(String name, String description, Tags tags, LongSupplier value) {
    FunctionCounter.builder(name, this, self -> value.getAsLong())
        .description(description)
        .tags(tags)
        .register(registry);
  }

  /** Returns all metrics, in the text format of Prometheus 0.0.4. Takes some milliseconds. */
  public String scrape() {
    return registry.scrape();
  }

  /** Stops its background work. */
  public void close() {
    garbageCollection.close();
    registry.close();
  }

  Timer timer(String name, String description, Tags tags) {
    return Timer.builder(name)
        .description(description)
        .tags(tags)
        .serviceLevelObjectives(DURATIONS)
        .register(registry);
  }

  private static Duration[] seconds(double... seconds) {
    return DoubleStream.of(seconds)
        .mapToObj(value -> Duration.ofNanos(Math.round(value * 1e9)))
        .toArray(Duration[]::new);
  }
}
