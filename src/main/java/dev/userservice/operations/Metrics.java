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
 * What is counted and timed, for Prometheus. Names are those of the OpenTelemetry conventions where
 * these have one; a label has as many values as we have written down, whatever callers send.
 *
 * <p>May be used from all threads.
 */
public final class Metrics implements Shareable {

  /**
   * The bounds that the OpenTelemetry conventions advise for durations, and shorter ones in front:
   * most calls here take less than a millisecond.
   */
  private static final Duration[] DURATIONS =
      seconds(
          0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,
          2.5, 5, 7.5, 10);

  /**
   * What the OpenTelemetry conventions say in the place of a value that is none of those written
   * down, such as a method that there is not: a caller could make up any number of names.
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
   * Has Vert.x tell of its pools of threads and connections, and of what servers of a cluster tell
   * each other. Of calls it would tell without the gRPC status, so that we do it ourselves.
   */
  public VertxBuilder of(VertxBuilder builder, VertxOptions options) {
    MicrometerMetricsOptions metrics = new MicrometerMetricsOptions().setEnabled(true);
    Set<MetricsDomain> told = Set.of(MetricsDomain.NAMED_POOLS, MetricsDomain.EVENT_BUS);
    Arrays.stream(MetricsDomain.values())
        .filter(domain -> !told.contains(domain))
        .forEach(metrics::addDisabledMetricsCategory);
    // Each connection would register one gauge, the same; those of the pools say more.
    metrics.addDisabledMetricsCategory("sql");
    return builder
        .with(options.setMetricsOptions(metrics))
        .withMetrics(new MicrometerMetricsFactory(registry));
  }

  /**
   * Meters of calls.
   *
   * @param methods the full names of all methods that there are
   */
  public CallMeters calls(Set<String> methods) {
    return new CallMeters(this, methods);
  }

  /**
   * Meters of a store.
   *
   * @param system what kind of store it is
   */
  public StoreMeters store(String system) {
    return new StoreMeters(this, system);
  }

  /** How much later than it should a timer of an event loop came. */
  public Timer eventLoopLag() {
    return timer(
        "vertx.eventloop.lag", "How late an event loop is that should do something", Tags.empty());
  }

  /** A number that goes up and down. */
  public void gauge(String name, String description, Tags tags, LongSupplier value) {
    // Of what it is asked for, Micrometer keeps only a weak reference.
    Gauge.builder(name, this, self -> value.getAsLong())
        .description(description)
        .tags(tags)
        .register(registry);
  }

  /** A number that only goes up. */
  public void counter(String name, String description, Tags tags, LongSupplier value) {
    FunctionCounter.builder(name, this, self -> value.getAsLong())
        .description(description)
        .tags(tags)
        .register(registry);
  }

  /** Everything, in the text format of Prometheus 0.0.4. Takes some milliseconds. */
  public String scrape() {
    return registry.scrape();
  }

  /** Ends what runs in the background for it. */
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
