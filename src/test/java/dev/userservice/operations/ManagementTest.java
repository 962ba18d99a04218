package dev.userservice.operations;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static dev.userservice.kit.Requests.users;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.userservice.config.ServerConfig;
import dev.userservice.kit.AnyCall;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.FreePorts;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.RaftConfigs;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import dev.userservice.launch.Role;
import dev.userservice.launch.StartFailure;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import dev.userservice.rpc.RawHttp;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The management port of a real server, as operators find it. */
class ManagementTest {

  private static final String SERVICE = "users.v1.UserService/";

  /** Names of ours, and of Vert.x and Micrometer, as they stand in PromQL. */
  private static final Pattern NAMES =
      Pattern.compile("\\b(?:rpc|user_service|db|vertx|jvm|process|system)_[a-z_0-9]+\\b");

  /** Few enough to be used up, but more than a server has open by itself. */
  private static final int FEW_FILES = 600;

  private final HttpClient http = HttpClient.newHttpClient();
  private RunningServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void metrics_callsByMethodAndStatus() throws Exception {
    start(2, new JsonObject());
    server.blocking().getUser(get(1));
    catchThrowable(() -> server.blocking().getUser(get(42)));
    server.blocking().listUsers(list(3, 0)).forEachRemaining(user -> {});
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> users = server.async().batchCreateUsers(batch);
    users(7).forEach(users::onNext);
    users.onCompleted();
    assertThat(batch.status().getCode()).isEqualTo(Code.OK);

    Map<String, Double> metrics = metrics();
    assertThat(metrics)
        .containsEntry(ended("GetUser", "OK"), 1.0)
        .containsEntry(ended("GetUser", "NOT_FOUND"), 1.0)
        .containsEntry(ended("ListUsers", "OK"), 1.0)
        .containsEntry(ended("BatchCreateUsers", "OK"), 1.0)
        .containsEntry(
            "rpc_server_call_started_total{protocol=\"grpc\",rpc_method=\"users.v1.UserService/GetUser\",rpc_system_name=\"grpc\"}",
            2.0)
        .containsEntry(call("open", "GetUser"), 0.0)
        .containsEntry(messages("received", "GetUser"), 2.0)
        .containsEntry(messages("sent", "GetUser"), 1.0)
        .containsEntry(messages("sent", "ListUsers"), 3.0)
        .containsEntry(messages("received", "BatchCreateUsers"), 7.0)
        .containsEntry(failed("GetUser", "NOT_FOUND", "USER_NOT_FOUND"), 1.0)
        .containsEntry(stored("get", ""), 1.0)
        .containsEntry(stored("get", "NOT_FOUND"), 1.0)
        .containsEntry("user_service_ready", 1.0);
    assertThat(metrics.get("vertx_eventloop_lag_seconds_count")).isNotNull();
    // With buckets, up to the one of all.
    assertThat(metrics.keySet())
        .anyMatch(
            name -> name.matches("rpc_server_call_duration_seconds_bucket\\{.*le=\"0.005\".*"));
  }

  @Test
  void metrics_streamsWhileTheyAreOpen() throws Exception {
    start(1, new JsonObject());
    Recorder<UserMessage, UserMessage> reader = Recorder.reading();
    StreamObserver<UserMessage> speaker = server.async().streamUsers(reader);
    for (int i = 0; i < 5; i++) {
      speaker.onNext(says(1, "Hello"));
    }

    // Both: a page that is written while they are counted may have the one and not yet the other.
    Map<String, Double> open =
        metricsUntil(
            all ->
                all.get(messages("sent", "StreamUsers")) == 5.0
                    && all.get(messages("received", "StreamUsers")) == 5.0);
    assertThat(open)
        .containsEntry(call("open", "StreamUsers"), 1.0)
        .containsEntry(messages("received", "StreamUsers"), 5.0)
        .containsEntry("user_service_chat_members", 1.0)
        .containsEntry("user_service_chat_waiting", 0.0)
        .containsEntry("user_service_connections_open", 1.0);

    speaker.onCompleted();
    assertThat(reader.status().getCode()).isEqualTo(Code.OK);
    assertThat(metrics())
        .containsEntry(call("open", "StreamUsers"), 0.0)
        .containsEntry(messages("sent", "StreamUsers"), 5.0)
        .containsEntry("user_service_chat_members", 0.0);
  }

  @Test
  void metrics_chatQueueOfAReaderThatDoesNotRead() throws Exception {
    start(1, new JsonObject().put("limits", new JsonObject().put("chatQueue", 1_000)));
    Recorder<UserMessage, UserMessage> lazy = Recorder.stalled();
    server.async().streamUsers(lazy);
    metricsUntil(all -> all.get("user_service_chat_members") == 1.0);
    Recorder<UserMessage, UserMessage> eager = Recorder.reading();
    StreamObserver<UserMessage> speaker = server.async().streamUsers(eager);
    String text = "x".repeat(4_000);
    for (int i = 0; i < 900; i++) {
      speaker.onNext(says(1, text));
    }

    metricsUntil(all -> all.get("user_service_chat_waiting") > 100);
    lazy.cancel();
    metricsUntil(all -> all.get("user_service_chat_waiting") == 0.0);
  }

  @Test
  void metrics_boundedWhateverCallersSend() throws Exception {
    start(1, new JsonObject());
    ManagedChannel channel = server.channel();
    int before = metrics().size();
    for (int i = 0; i < 50; i++) {
      new AnyCall("made.up/Method" + i, get(1)).answer(channel, new Metadata());
    }

    Map<String, Double> metrics = metrics();
    assertThat(metrics)
        .containsEntry(
            "rpc_server_call_started_total{protocol=\"grpc\",rpc_method=\"_OTHER\",rpc_system_name=\"grpc\"}",
            50.0);
    assertThat(metrics.keySet()).noneMatch(name -> name.contains("made"));
    // One more way to end, and one more reason: each once, not fifty times.
    assertThat(metrics.size() - before).isLessThan(40);
  }

  @Test
  void metrics_whatLimitsRefuse() throws Exception {
    start(
        1,
        new JsonObject()
            .put("rateLimit", new JsonObject().put("callsPerSecond", 1))
            .put("limits", new JsonObject().put("connections", 1)));
    ManagedChannel channel = server.channel();
    AnyCall call = new AnyCall(SERVICE + "GetUser", get(1));
    while (call.answer(channel, new Metadata()).code() != Code.RESOURCE_EXHAUSTED) {
      // Until the first that is one too many; two in a second are.
    }
    assertThat(call.answer(server.channel(), new Metadata()).code()).isEqualTo(Code.UNAVAILABLE);

    assertThat(metrics())
        .containsEntry(failed("GetUser", "RESOURCE_EXHAUSTED", "TOO_MANY_CALLS"), 1.0)
        .hasEntrySatisfying(
            "user_service_connections_refused_total{limit=\"connections\"}",
            count -> assertThat(count).isPositive());
  }

  @Tag("slow")
  @Test
  void connections_leaveFilesForWhoAsks(@TempDir Path folder) throws Exception {
    JavaProcess program =
        JavaProcess.startWithFiles(
            FEW_FILES, folder, "--conf", "{\"port\": 0, \"management\": {\"port\": 0}}");
    List<Socket> silent = new ArrayList<>();
    try {
      List<String> lines = program.startLines();
      for (int i = 0; i < FEW_FILES; i++) {
        silent.add(new Socket("127.0.0.1", JavaProcess.port(lines)));
      }

      String ready =
          "http://%s/health/ready".formatted(lines.get(2).replaceFirst(".*management: ", ""));
      assertThat(
              http.send(
                      HttpRequest.newBuilder(URI.create(ready)).build(), BodyHandlers.discarding())
                  .statusCode())
          .isEqualTo(200);
      assertThat(program.errors())
          .containsOnlyOnce("is 10000, but this process has files for ")
          .doesNotContain("Exception");
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
      program.kill();
    }
  }

  @Test
  void connections_thatSayNothing_endWhenOthersCome() throws Exception {
    start(1, new JsonObject());
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * Management.MAX_CONNECTIONS; i++) {
        silent.add(new Socket("127.0.0.1", server.managementPort()));
        assertThat(ask("/health/ready").statusCode()).isEqualTo(200);
      }

      for (Socket socket : silent.subList(0, Management.MAX_CONNECTIONS)) {
        socket.setSoTimeout(Waits.SECONDS * 1_000);
        assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
      }
      Socket last = silent.get(silent.size() - 1);
      last.getOutputStream()
          .write("GET /health/live HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(last.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.0 200 ");
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  void health_followsTheServer() throws Exception {
    start(2, new JsonObject().put("drainDelayMillis", 2_000));
    assertThat(ask("/health/live").body()).isEqualTo("{\"status\":\"UP\"}\n");
    assertThat(ask("/health/live").statusCode()).isEqualTo(200);
    assertThat(ask("/health/ready").statusCode()).isEqualTo(200);

    var closing = server.vertx().close();
    HttpResponse<String> ready = ask("/health/ready");
    while (ready.statusCode() == 200) {
      ready = ask("/health/ready");
    }
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.body()).isEqualTo("{\"status\":\"DOWN\"}\n");
    assertThat(ask("/health/live").statusCode()).isEqualTo(200);
    assertThat(metrics()).containsEntry("user_service_ready", 0.0);
    closing.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void health_storeThatIsNotThere_isAliveButNotReady() throws Exception {
    int free = FreePorts.one();
    start(
        1,
        new JsonObject()
            .put(
                "store",
                new JsonObject()
                    .put("type", "postgres")
                    .put("startTimeoutMillis", 0)
                    .put("postgres", new JsonObject().put("port", free))));

    assertThat(ask("/health/live").statusCode()).isEqualTo(200);
    assertThat(ask("/health/ready").statusCode()).isEqualTo(503);
  }

  @Test
  void otherPathsAndMethods() throws Exception {
    start(1, new JsonObject());

    assertThat(ask("/").statusCode()).isEqualTo(404);
    assertThat(ask("/metrics/").body()).contains("/metrics", "/health/live", "/health/ready");
    HttpResponse<String> posted =
        http.send(
            HttpRequest.newBuilder(uri("/metrics")).POST(BodyPublishers.ofString("x")).build(),
            BodyHandlers.ofString());
    assertThat(posted.statusCode()).isEqualTo(405);
    assertThat(posted.headers().firstValue("allow")).hasValue("GET, HEAD");
    assertThat(ask("/metrics").headers().firstValue("content-type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
  }

  @Test
  void host_ofAnotherName_isNotServed() throws Exception {
    start(1, new JsonObject().put("allowedHosts", new JsonArray().add("metrics.example.com")));
    String put = "PUT /log/levels/io.netty HTTP/1.1\r\ncontent-length: 3\r\nhost: ";
    for (String host : List.of("evil.test", "evil.test:9090", "127.0.0.1.evil.test")) {
      for (String request : List.of("GET /metrics HTTP/1.1\r\nhost: ", put)) {
        RawHttp.Answer answer = raw(request + host + "\r\n\r\nOFF");

        assertThat(answer.status()).as(host).isEqualTo(421);
        assertThat(answer.body()).contains("\"allowedHosts\"");
      }
    }
    assertThat(new JsonObject(ask("/log/levels").body()).getString("io.netty")).isNotEqualTo("OFF");
    for (String host : List.of("localhost", "[::1]:1", "10.1.2.3", "metrics.example.com:9090")) {
      assertThat(raw("GET /health/live HTTP/1.1\r\nhost: " + host + "\r\n\r\n").status())
          .as(host)
          .isEqualTo(200);
    }
    assertThat(raw("GET /health/live HTTP/1.1\r\n\r\n").status()).isEqualTo(400);
    assertThat(raw("GET /health/live HTTP/1.1\r\nhost: a\r\nhost: localhost\r\n\r\n").status())
        .isEqualTo(400);
    assertThat(raw("GET /health/live HTTP/1.0\r\n\r\n").status())
        .as("of a health check that knows no Host")
        .isEqualTo(200);
  }

  @Test
  void requests_manyAtOnce_areAnsweredWithoutALine() throws Exception {
    start(1, new JsonObject());
    String request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
    try (LogLines lines = LogLines.of("io.netty");
        RawHttp client = new RawHttp(server.managementPort())) {
      client.send(request.repeat(300));
      for (int i = 0; i < 300; i++) {
        assertThat(client.answer().status()).isEqualTo(200);
      }
      assertThat(lines.messages()).isEmpty();
    }
  }

  @Test
  void expectation_isMetBeforeTheBody() throws Exception {
    start(1, new JsonObject());
    try (RawHttp client = new RawHttp(server.managementPort())) {
      client.send(
          "PUT /log/levels/"
              + AccessLog.class.getName()
              + " HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(100);
      assertThat(client.send("loud").answer().status()).isEqualTo(400);
    }
  }

  private RawHttp.Answer raw(String request) throws Exception {
    try (RawHttp client = new RawHttp(server.managementPort())) {
      return client.send(request).answer();
    }
  }

  @Test
  void logLevels_changeWhileItRuns() throws Exception {
    start(1, new JsonObject());
    String name = AccessLog.class.getName();

    assertThat(level("PUT", name, "warn").statusCode()).isEqualTo(200);
    assertThat(Logger.getLogger(name).isLoggable(Level.INFO)).isFalse();
    assertThat(new JsonObject(ask("/log/levels").body()).getString(name)).isEqualTo("WARNING");
    assertThat(level("DELETE", name, "").statusCode()).isEqualTo(200);
    assertThat(Logger.getLogger(name).isLoggable(Level.INFO)).isTrue();

    HttpResponse<String> loud = level("PUT", name, "loud");
    assertThat(loud.statusCode()).isEqualTo(400);
    assertThat(loud.body()).contains("\"loud\" is not a level", "FINE");
    assertThat(level("PUT", name, "x".repeat(1_000_000)).body()).hasSizeLessThan(500);
    assertThat(level("PUT", "no%20name", "INFO").statusCode()).isEqualTo(400);
    assertThat(level("POST", name, "INFO").statusCode()).isEqualTo(405);
  }

  @Test
  void port_thatIsTaken_isNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      JsonObject config =
          new JsonObject().put("management", new JsonObject().put("port", taken.getLocalPort()));

      assertThatThrownBy(() -> server = RunningServer.start(2, config))
          .satisfies(
              failure -> {
                StartFailure explained =
                    StartFailure.of(failure, Role.SERVER, ServerConfig.from(config));
                assertThat(explained.exitCode()).isEqualTo(ExitCode.ADDRESS);
                assertThat(explained.message())
                    .contains("port " + taken.getLocalPort(), "in use", "\"management.port\"")
                    .contains("USER_SERVICE_MANAGEMENT_PORT");
              });
    }
  }

  /** A panel or an alert that asks for what is not there shows nothing, for ever. */
  @Test
  void dashboardAndAlerts_askForWhatIsThere(@TempDir Path folder) throws Exception {
    Certificate certificate = Certificate.make(folder, "own");
    start(
        1,
        new JsonObject()
            .put("tls", certificate.pem())
            .put("sampleUsers", true)
            .put("store", RaftConfigs.store(RaftConfigs.servers(1), folder.resolve("raft"))));
    UserServiceBlockingStub users =
        UserServiceGrpc.newBlockingStub(
            server.channel(
                GrpcSslContexts.forClient()
                    .trustManager(certificate.certificate().toFile())
                    .build()));
    users.getUser(get(1));
    catchThrowable(() -> users.getUser(get(42)));
    // Of pauses it tells after the first.
    System.gc();
    metricsUntil(all -> all.keySet().stream().anyMatch(name -> name.startsWith("jvm_gc_pause")));
    String there = ask("/metrics").body();

    JsonArray panels =
        new JsonObject(Files.readString(Path.of("conf/grafana-dashboard.json")))
            .getJsonArray("panels");
    String asked = panels.encode() + Files.readString(Path.of("conf/prometheus-alerts.yml"));
    Set<String> names =
        NAMES
            .matcher(asked)
            .results()
            .map(MatchResult::group)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    assertThat(names)
        .hasSizeGreaterThan(15)
        .allSatisfy(
            name -> assertThat(there).containsPattern("(?m)^" + name + "[ {]|[{,]" + name + "="));
  }

  @Test
  void certificate_whenItEnds(@TempDir Path folder) throws Exception {
    Certificate first = Certificate.make(folder, "first");
    Instant later = Instant.now().plus(Duration.ofDays(90)).truncatedTo(ChronoUnit.SECONDS);
    Certificate second =
        Certificate.authority(folder, "authority")
            .issue("second", Certificate.server("second").notAfter(later));
    start(1, new JsonObject().put("tls", first.pem()));
    String name = "user_service_certificate_expiry_timestamp_seconds";
    Date end = first.bundle().getCertificate().getNotAfter();
    assertThat(metrics()).containsEntry(name, end.getTime() / 1_000.0);

    second.replace(first);

    metricsUntil(all -> all.get(name) == later.getEpochSecond());
    server.close();
    start(1, new JsonObject());
    assertThat(metrics()).doesNotContainKey(name);
  }

  private void start(int instances, JsonObject config) {
    server =
        RunningServer.start(
            instances,
            new JsonObject().put("management", new JsonObject().put("port", 0)).mergeIn(config));
  }

  private static String call(String what, String method) {
    return "rpc_server_call_%s{rpc_method=\"%s\",rpc_system_name=\"grpc\"}"
        .formatted(what, SERVICE + method);
  }

  private static String messages(String what, String method) {
    return "rpc_server_messages_%s_total{rpc_method=\"%s\",rpc_system_name=\"grpc\"}"
        .formatted(what, SERVICE + method);
  }

  private static String ended(String method, String status) {
    return "rpc_server_call_duration_seconds_count{rpc_method=\"%s\",rpc_response_status_code=\"%s\",rpc_system_name=\"grpc\"}"
        .formatted(SERVICE + method, status);
  }

  private static String failed(String method, String status, String reason) {
    return "rpc_server_call_errors_total{error_reason=\"%s\",rpc_method=\"%s\",rpc_response_status_code=\"%s\",rpc_system_name=\"grpc\"}"
        .formatted(reason, SERVICE + method, status);
  }

  private static String stored(String operation, String failure) {
    return "db_client_operation_duration_seconds_count{db_operation_name=\"%s\",db_system_name=\"memory\",error_type=\"%s\"}"
        .formatted(operation, failure);
  }

  private Map<String, Double> metricsUntil(Predicate<Map<String, Double>> enough) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    Map<String, Double> metrics = metrics();
    while (!enough.test(metrics)) {
      assertThat(System.nanoTime()).as("%s", metrics).isLessThan(end);
      metrics = metrics();
    }
    return metrics;
  }

  /** Every line, name and labels to value. */
  private Map<String, Double> metrics() throws Exception {
    return ask("/metrics")
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.lastIndexOf(' ')),
                line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1))));
  }

  private HttpResponse<String> ask(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(Waits.SECONDS)).build(),
        BodyHandlers.ofString());
  }

  private HttpResponse<String> level(String method, String logger, String level) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri("/log/levels/" + logger))
            .timeout(Duration.ofSeconds(Waits.SECONDS))
            .method(method, BodyPublishers.ofString(level))
            .build(),
        BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.managementPort() + path);
  }
}
