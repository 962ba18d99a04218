package dev.userservice.operations;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.vertx.grpc.common.GrpcStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/** The meters of calls, by method, for all event loops together. */
public final class CallMeters {

  /** The protocol whose meters exist before its first call. */
  private static final String GRPC = "grpc";

  private record Failure(GrpcStatus status, String reason) {}

  private final Metrics metrics;
  private final Map<String, Method> methods = new HashMap<>();
  private final Method other;

  CallMeters(Metrics metrics, Set<String> methods) {
    this.metrics = metrics;
    methods.forEach(method -> this.methods.put(method, new Method(method)));
    other = new Method(Metrics.OTHER);
  }

  /** The meters of a method; unknown methods share one. */
  public Method of(String method) {
    return methods.getOrDefault(method, other);
  }

  /** The meters of a method. */
  public final class Method {

    private final Tags tags;
    private final Map<String, LongAdder> started = new ConcurrentHashMap<>();
    private final LongAdder open = new LongAdder();
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();
    // Created when first needed: most methods have two or three statuses.
    private final AtomicReferenceArray<Timer> durations =
        new AtomicReferenceArray<>(GrpcStatus.values().length);
    private final Map<Failure, LongAdder> errors = new ConcurrentHashMap<>();

    private Method(String method) {
      tags = Tags.of("rpc.system.name", "grpc", "rpc.method", method);
      started.put(GRPC, started(GRPC));
      metrics.gauge("rpc.server.call.open", "Open calls", tags, open::sum);
      metrics.counter("rpc.server.messages.received", "Messages from callers", tags, received::sum);
      metrics.counter("rpc.server.messages.sent", "Messages to callers", tags, sent::sum);
    }

    /**
     * Counts a started call.
     *
     * @param protocol one of the few names of protocols
     */
    public void begin(String protocol) {
      LongAdder count = started.get(protocol);
      if (count == null) {
        count = started.computeIfAbsent(protocol, this::started);
      }
      count.increment();
      open.increment();
    }

    private LongAdder started(String protocol) {
      LongAdder count = new LongAdder();
      metrics.counter(
          "rpc.server.call.started", "Started calls", tags.and("protocol", protocol), count::sum);
      return count;
    }

    /** Adds messages that were received and sent since the last call of this method. */
    public void messages(long received, long sent) {
      this.received.add(received);
      this.sent.add(sent);
    }

    /**
     * Counts a call that ended.
     *
     * @param reason the reason of its {@code google.rpc.ErrorInfo}, or an empty string
     */
    public void end(GrpcStatus status, String reason, long nanos) {
      open.decrement();
      duration(status).record(nanos, TimeUnit.NANOSECONDS);
      if (!reason.isEmpty()) {
        errors.computeIfAbsent(new Failure(status, reason), this::errors).increment();
      }
    }

    private Timer duration(GrpcStatus status) {
      Timer timer = durations.get(status.ordinal());
      if (timer == null) {
        timer =
            metrics.timer(
                "rpc.server.call.duration",
                "Durations of ended calls",
                tags.and("rpc.response.status_code", status.name()));
        durations.set(status.ordinal(), timer);
      }
      return timer;
    }

    private LongAdder errors(Failure failure) {
      LongAdder count = new LongAdder();
      metrics.counter(
          "rpc.server.call.errors",
          "Failed calls, by reason",
          tags.and(
              "rpc.response.status_code",
              failure.status().name(),
              "error.reason",
              failure.reason()),
          count::sum);
      return count;
    }
  }
}
