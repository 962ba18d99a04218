package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.FreePorts;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JavaProcesses;
import dev.userservice.kit.Requests;
import dev.userservice.kit.TraceCollector;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The variables of tracing, as an operator sees them. */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
@Tag("slow")
class TracingSettingsTest {

  /** A JVM that starts slowly is not what these tests are about. */
  private static final String PATIENT =
      "{\"maxEventLoopExecuteTime\":1,\"maxEventLoopExecuteTimeUnit\":\"MINUTES\"}";

  @TempDir private Path folder;
  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();

  @Test
  void nothingIsSet_nothingOfTheSdkIsLoaded() throws Exception {
    for (Map<String, String> off :
        List.of(
            Map.<String, String>of(),
            Map.of("OTEL_SERVICE_NAME", "me", "OTEL_EXPORTER_OTLP_ENDPOINT", " "),
            Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:1"),
            Map.of("OTEL_SDK_DISABLED", "true", "OTEL_TRACES_EXPORTER", "otlp"))) {
      Path classes = Files.createTempFile(folder, "classes", "");
      JavaProcess server = start(off, List.of("-Xlog:class+load=info:file=" + classes));
      call(server.port());
      server.process().toHandle().destroy();

      assertThat(server.exitCode()).isZero();
      assertThat(server.errors()).isEmpty();
      assertThat(Files.readString(classes))
          .contains("dev.userservice.operations.Tracing ")
          .doesNotContain("io.opentelemetry.sdk.");
    }
  }

  @Test
  void collectorIsAway_callsGoOn_andTheLogSaysItOnce() throws Exception {
    int port = FreePorts.one();
    JavaProcess server =
        start(
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://127.0.0.1:" + port,
                "OTEL_BSP_SCHEDULE_DELAY",
                "20",
                "OTEL_JAVA_EXPORTER_OTLP_RETRY_DISABLED",
                "true",
                "OTEL_SERVICE_NAME",
                "of-an-operator"),
            List.of());
    int calls = server.port();
    call(calls);
    server.awaitErrors(
        0, "spans are dropped: the trace collector cannot be reached (ConnectException)");
    for (int i = 0; i < 20; i++) {
      call(calls);
    }

    try (TraceCollector back = new TraceCollector(port)) {
      call(calls);
      back.await(span -> span.service().equals("of-an-operator"));
      server.awaitErrors(0, "the trace collector takes spans again");
      server.process().toHandle().destroy();
      assertThat(server.exitCode()).isZero();
    }
    assertThat(server.errors().lines()).hasSize(2);
  }

  @Test
  void stop_sendsWhatThereIs() throws Exception {
    try (TraceCollector collector = new TraceCollector()) {
      JavaProcess server =
          start(
              Map.of("OTEL_BSP_SCHEDULE_DELAY", "1h"),
              List.of(
                  "-Dotel.exporter.otlp.traces.endpoint=http://127.0.0.1:%d/v1/traces"
                      .formatted(collector.port())));
      call(server.port());
      server.process().toHandle().destroy();

      assertThat(server.exitCode()).isZero();
      collector.await(span -> span.name().equals("users.v1.UserService/GetUser"));
      collector.await(span -> span.name().equals("store get"));
      assertThat(server.errors()).isEmpty();
    }
  }

  @Test
  void stop_doesNotWaitForACollectorThatSaysNothing() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      JavaProcess server =
          start(
              Map.of(
                  "OTEL_EXPORTER_OTLP_ENDPOINT",
                  "http://127.0.0.1:" + silent.getLocalPort(),
                  "OTEL_EXPORTER_OTLP_TIMEOUT",
                  "10m"),
              List.of());
      call(server.port());
      server.process().toHandle().destroy();

      assertThat(server.exitCode()).isZero();
      assertThat(server.errors()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          OTEL_EXPORTER_OTLP_PROTOCOL|grpc|OTEL_EXPORTER_OTLP_PROTOCOL (-Dotel.exporter.otlp.protocol) is "grpc", but must be http/protobuf; collectors take it on port 4318
          OTEL_EXPORTER_OTLP_ENDPOINT|me:secret@host:1|OTEL_EXPORTER_OTLP_ENDPOINT (-Dotel.exporter.otlp.endpoint) is not a URL such as http://127.0.0.1:4318, without a user or a query
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT|http://me:secret@host|OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (-Dotel.exporter.otlp.traces.endpoint) is not a URL such as http://127.0.0.1:4318, without a user or a query
          OTEL_TRACES_EXPORTER|zipkin|OTEL_TRACES_EXPORTER (-Dotel.traces.exporter) is "zipkin", but must be otlp or none
          OTEL_EXPORTER_OTLP_HEADERS|secret|OTEL_...: Invalid map property: otel.exporter.otlp.headers
          OTEL_TRACES_SAMPLER|sometimes|OTEL_...: Unrecognized value for otel.traces.sampler: sometimes
          OTEL_BSP_MAX_QUEUE_SIZE|many|OTEL_...: Invalid value for property otel.bsp.max.queue.size=many. Must be a integer.
          OTEL_BSP_SCHEDULE_DELAY|-1|OTEL_...: delay must be non-negative
          OTEL_EXPORTER_OTLP_COMPRESSION|zip|OTEL_...: Unsupported compressionMethod. Compression method must be "none" or one of: [gzip]
          OTEL_EXPORTER_OTLP_CERTIFICATE|nowhere.pem|OTEL_...: Invalid OTLP certificate/key path: nowhere.pem
          """)
  void variableThatCannotBe_stopsTheStart(String name, String value, String why) throws Exception {
    JavaProcess program = start(env(name, value), List.of());

    assertThat(program.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(program.output()).isEmpty();
    assertThat(program.errors()).isEqualTo("user-service: " + why);
  }

  private static Map<String, String> env(String name, String value) {
    return name.equals("OTEL_TRACES_EXPORTER")
        ? Map.of(name, value)
        : Map.of("OTEL_TRACES_EXPORTER", "otlp", name, value);
  }

  private JavaProcess start(Map<String, String> env, List<String> jvm) throws Exception {
    return programs.start(
        folder, env, jvm, "--conf", "{\"port\":0}", "--instances", "1", "--options", PATIENT);
  }

  private static void call(int port) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    try {
      assertThat(
              UserServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
                  .getUser(Requests.get(1))
                  .getUserId())
          .isEqualTo(1);
    } finally {
      channel.shutdownNow();
    }
  }
}
