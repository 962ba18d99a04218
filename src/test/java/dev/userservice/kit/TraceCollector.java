package dev.userservice.kit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.ExtensionRegistry;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.Metadata;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Takes traces as a collector does, by OTLP over HTTP. */
public final class TraceCollector implements AutoCloseable {

  /**
   * A span as it came.
   *
   * @param service the name of the program that it is of
   */
  public record Received(String service, Span span) {

    public String name() {
      return span.getName();
    }

    public String trace() {
      return hex(span.getTraceId());
    }

    public String id() {
      return hex(span.getSpanId());
    }

    public String parent() {
      return hex(span.getParentSpanId());
    }

    public Span.SpanKind kind() {
      return span.getKind();
    }

    /** The text of an attribute; null when there is none. */
    public String text(String attribute) {
      return texts(span.getAttributesList()).get(attribute);
    }
  }

  public static final String PARENT = "00f067aa0ba902b7";
  public static final String STATE = "vendor=value";

  private static final HexFormat HEX = HexFormat.of();
  private static final AtomicInteger TRACES = new AtomicInteger();

  private final HttpServer http;
  private final List<Received> received = new ArrayList<>();
  private final List<String> bodies = new ArrayList<>();

  public TraceCollector() throws IOException {
    this(0);
  }

  public TraceCollector(int port) throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 0);
    http.setExecutor(Executors.newSingleThreadExecutor());
    http.createContext("/v1/traces", this::take);
    http.start();
  }

  /** The variables that send a program's spans here, and soon. */
  public Map<String, String> variables() {
    return Map.of(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://127.0.0.1:" + port(),
        "OTEL_BSP_SCHEDULE_DELAY",
        "20");
  }

  public int port() {
    return http.getAddress().getPort();
  }

  /** The id of a trace that is not used elsewhere. */
  public static String newTrace() {
    return "%032x".formatted(0xabcd0000L + TRACES.incrementAndGet());
  }

  /** The metadata of a caller whose own span, of some trace, is {@link #PARENT}. */
  public static Metadata context(String trace, boolean recorded) {
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
        "00-%s-%s-%s".formatted(trace, PARENT, recorded ? "01" : "00"));
    metadata.put(Metadata.Key.of("tracestate", Metadata.ASCII_STRING_MARSHALLER), STATE);
    return metadata;
  }

  /** Waits for a span. */
  public Received await(Predicate<Received> wanted) throws InterruptedException {
    return await(1, wanted).get(0);
  }

  /** Waits for so many spans. */
  public synchronized List<Received> await(int count, Predicate<Received> wanted)
      throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    while (true) {
      List<Received> found = received.stream().filter(wanted).toList();
      if (found.size() >= count) {
        return found;
      }
      long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      assertThat(left).as("time for a span, among the received: %s", received).isPositive();
      wait(left);
    }
  }

  /** The spans received so far. */
  public synchronized List<Received> all(Predicate<Received> wanted) {
    return received.stream().filter(wanted).toList();
  }

  /** All bytes that have come so far, as Latin-1. */
  public synchronized String bytes() {
    return String.join("", bodies);
  }

  private void take(HttpExchange exchange) throws IOException {
    ByteString body = ByteString.readFrom(exchange.getRequestBody());
    ExportTraceServiceRequest request =
        ExportTraceServiceRequest.parseFrom(body, ExtensionRegistry.getEmptyRegistry());
    synchronized (this) {
      bodies.add(body.toString(StandardCharsets.ISO_8859_1));
      request
          .getResourceSpansList()
          .forEach(
              of -> {
                String service = texts(of.getResource().getAttributesList()).get("service.name");
                of.getScopeSpansList()
                    .forEach(
                        scope ->
                            scope
                                .getSpansList()
                                .forEach(span -> received.add(new Received(service, span))));
              });
      notifyAll();
    }
    exchange.sendResponseHeaders(200, -1);
    exchange.close();
  }

  private static Map<String, String> texts(List<KeyValue> attributes) {
    return attributes.stream()
        .collect(
            Collectors.toMap(
                KeyValue::getKey,
                one ->
                    one.getValue().hasIntValue()
                        ? Long.toString(one.getValue().getIntValue())
                        : one.getValue().getStringValue()));
  }

  private static String hex(ByteString bytes) {
    return HEX.formatHex(bytes.toByteArray());
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
