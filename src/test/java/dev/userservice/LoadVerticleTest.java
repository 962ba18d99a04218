package dev.userservice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.FreePorts;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Loads against real servers: ours, slow ones and wrong ones. */
@Timeout(Waits.TEST_SECONDS)
@Tag("slow")
class LoadVerticleTest {

  @TempDir private Path folder;

  private final Vertx vertx = Vertx.vertx();
  private RunningServer server;
  private SlowServer slow;

  @AfterEach
  void stop() throws Exception {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    if (server != null) {
      server.close();
    }
    if (slow != null) {
      slow.close();
    }
  }

  /**
   * @param failure the message of the failed run, or null
   */
  private record Outcome(String shown, String failure, JsonObject report) {

    JsonObject load(int index) {
      return report.getJsonArray("loads").getJsonObject(index);
    }
  }

  private Outcome run(JsonObject config) throws Exception {
    return start(config).timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  /** Completes when all loads have ended. */
  private Future<Outcome> start(JsonObject config) {
    Path report = folder.resolve("report.json");
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    Promise<Void> ended = Promise.promise();
    LoadVerticle load =
        new LoadVerticle(ended, new PrintStream(shown, true, StandardCharsets.UTF_8), false);
    return vertx
        .deployVerticle(
            load, new DeploymentOptions().setConfig(config.put("reportFile", report.toString())))
        .compose(deployed -> ended.future())
        .transform(
            end -> {
              boolean written = Files.exists(report);
              return Future.succeededFuture(
                  new Outcome(
                      shown.toString(StandardCharsets.UTF_8),
                      end.failed() ? end.cause().getMessage() : null,
                      written
                          ? new JsonObject(vertx.fileSystem().readFileBlocking(report.toString()))
                          : null));
            });
  }

  private static JsonObject config(int port, String... loads) {
    return new JsonObject()
        .put("addresses", new JsonArray().add("127.0.0.1:" + port))
        .put("loads", new JsonArray(List.of((Object[]) loads)))
        .put("inFlight", 4)
        .put("connections", 2)
        .put("messages", 20)
        .put("warmupSeconds", 0)
        .put("seconds", 1)
        .put("deadlineMillis", 20_000);
  }

  @Test
  void everyLoad_isMeasured() throws Exception {
    server = RunningServer.start(2, new JsonObject());
    Path chart = folder.resolve("chart.svg");

    Outcome outcome =
        run(
            config(server.port(), "get", "create", "list", "batch", "chat")
                .put("chatInFlight", 2)
                .put("chartFile", chart.toString()));

    assertThat(outcome.failure).isNull();
    assertThat(outcome.shown)
        .contains("get: 0 s to warm up, 1 s that count", "| load ", "| p99.99 ms |")
        .doesNotContain("\r", "\u001b");
    List<String> names = List.of("get", "create", "list", "batch", "chat");
    for (int i = 0; i < names.size(); i++) {
      JsonObject load = outcome.load(i);
      assertThat(load.getString("name")).isEqualTo(names.get(i));
      assertThat(load.getLong("calls")).as(names.get(i)).isPositive();
      assertThat(load.getInteger("failed")).isZero();
      assertThat(load.getJsonObject("failures")).isEmpty();
      assertThat(load.getDouble("seconds")).isPositive();
      JsonObject latency = load.getJsonObject("latencyMicros");
      assertThat(latency.fieldNames())
          .containsExactly("p50", "p90", "p99", "p99.9", "p99.99", "max");
      assertThat(latency.stream().map(entry -> (Integer) entry.getValue()).toList())
          .isSorted()
          .allMatch(micros -> micros > 0);
    }
    assertThat(
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(chart.toFile())
                .getElementsByTagName("polyline")
                .getLength())
        .isEqualTo(5);
    long created = outcome.load(1).getLong("calls") + 20 * outcome.load(3).getLong("calls");
    // "get" reads from a thousand users, five of them samples.
    int last = (int) (1_000 + created);
    assertThat(server.blocking().listUsers(Requests.list(0, last - 1))).toIterable().hasSize(1);
  }

  @Test
  void openLoop_measuresFromTheScheduledStart() throws Exception {
    slow = new SlowServer(100, request -> request.getEmail());
    JsonObject config =
        config(slow.port(), "create")
            .put("inFlight", 1)
            .put("callsPerSecond", 100)
            .put("seconds", 2);

    Outcome outcome = run(config);

    // One call at a time, 100 ms each: at most 20 of the 200 scheduled calls started.
    assertThat(outcome.failure).isNull();
    JsonObject load = outcome.load(0);
    assertThat(load.getLong("calls")).isBetween(1L, 20L);
    assertThat(load.getLong("calls") + load.getLong("unstarted")).isBetween(199L, 200L);
    JsonObject latency = load.getJsonObject("latencyMicros");
    assertThat(latency.getLong("p50")).as("half of them waited").isGreaterThan(500_000);
    assertThat(latency.getLong("max")).isGreaterThan(1_500_000);
    assertThat(outcome.shown).contains("create: 18", "calls had not started by the end");
  }

  @Test
  void openLoop_thatKeepsUp_makesEveryCall() throws Exception {
    slow = new SlowServer(0, request -> request.getEmail());

    Outcome outcome = run(config(slow.port(), "create").put("callsPerSecond", 20));

    assertThat(outcome.failure).isNull();
    assertThat(outcome.load(0).getLong("calls") + outcome.load(0).getLong("unstarted"))
        .isEqualTo(20);
  }

  @Test
  void refusedCalls_areCountedByStatusAndReason() throws Exception {
    server =
        RunningServer.start(
            1, new JsonObject().put("limits", new JsonObject().put("batchUsers", 5)));

    Outcome outcome = run(config(server.port(), "batch", "create"));

    assertThat(outcome.failure)
        .startsWith("batch: calls failed, ")
        .contains(" with RESOURCE_EXHAUSTED, reason ")
        .hasLineCount(1);
    JsonObject batch = outcome.load(0);
    assertThat(batch.getLong("calls")).isZero();
    assertThat(batch.getJsonObject("failures").getLong("RESOURCE_EXHAUSTED"))
        .isPositive()
        .isEqualTo(batch.getLong("failed"));
    assertThat(outcome.load(1).getLong("failed")).isZero();
  }

  @Test
  void wrongAnswer_isAFailure() throws Exception {
    slow = new SlowServer(1, request -> "another@example.com");

    Outcome outcome = run(config(slow.port(), "create"));

    assertThat(outcome.failure)
        .contains(
            "with WRONG_ANSWER: the server answered with another user than the one to create");
    assertThat(outcome.load(0).getJsonObject("failures").fieldNames())
        .containsExactly("WRONG_ANSWER");
  }

  @Test
  void silentServer_isLate() throws Exception {
    slow = new SlowServer(60_000, request -> request.getEmail());

    Outcome outcome = run(config(slow.port(), "create").put("deadlineMillis", 2_000));

    assertThat(outcome.failure).contains("DEADLINE_EXCEEDED");
    assertThat(outcome.load(0).getLong("calls")).isZero();
  }

  @Test
  void serverThatStops_endsTheLoad() throws Exception {
    slow = new SlowServer(1, request -> request.getEmail());
    Future<Outcome> running = start(config(slow.port(), "create").put("seconds", 3_000));
    assertThat(slow.called.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();

    slow.close();

    Outcome outcome = running.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    assertThat(outcome.failure).startsWith("create: calls failed, ").contains("UNAVAILABLE");
    assertThat(outcome.load(0).getLong("failed")).isPositive();
  }

  @Test
  void callsAboveTheServersLimit_areRefused() throws Exception {
    server = RunningServer.start();

    Outcome outcome = run(config(server.port(), "create").put("inFlight", 300));

    assertThat(outcome.failure)
        .isEqualTo(
            "create: 300 calls at a time over 2 connections are up to 150 on each, but the server allows 100; raise \"connections\" or lower \"inFlight\"");
  }

  @Test
  void overTls_withAToken() throws Exception {
    Certificate own = Certificate.make(folder, "server");
    Issuer issuer = Issuer.make();
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("reader"));
    rights.put("users.v1.UserService/BatchCreateUsers", new JsonArray().add("writer"));
    server =
        RunningServer.start(
            1, new JsonObject().put("auth", issuer.auth(folder, rights)).put("tls", own.pem()));
    JsonObject config =
        config(server.port(), "list", "chat")
            .put("messages", 5)
            .put("token", issuer.token("reader"))
            .put("tls", new JsonObject().put("caFile", own.certificate().toString()));

    Outcome outcome = run(config);
    assertThat(outcome.failure).isNull();
    assertThat(outcome.report.encode()).doesNotContain(config.getString("token"));

    assertThat(run(config.put("messages", 50)).failure)
        .startsWith("cannot find or create the users for the load: PERMISSION_DENIED");
    config.remove("tls");
    assertThat(run(config).failure).startsWith("cannot connect for a load: UNAVAILABLE: ");
  }

  @Test
  void fileThatCannotBeWritten_isRefusedBeforeTheLoad() throws Exception {
    String chart = folder + File.separator + "none" + File.separator + "chart.svg";

    assertThat(run(config(1, "get").put("chartFile", chart)).failure)
        .startsWith("configuration: \"chartFile\" is ")
        .endsWith("but must be a file that can be written, in a folder that is there");
  }

  @Test
  void program_hasTheExitCodesOfAClient() throws Exception {
    server =
        RunningServer.start(
            1, new JsonObject().put("limits", new JsonObject().put("batchUsers", 5)));
    String load = "{\"loads\":[\"%s\"],\"seconds\":1,\"warmupSeconds\":0,\"inFlight\":2}";

    assertEnds(ExitCode.OK, "", "--conf", load.formatted("create"));
    assertEnds(ExitCode.SCENARIO, "batch: calls failed, ", "--conf", load.formatted("batch"));
    assertEnds(
        ExitCode.CONFIGURATION,
        "--conf text: unknown key \"second\"; did you mean \"seconds\"?",
        "--conf",
        "{\"second\":1}");
    assertEnds(ExitCode.USAGE, "a load has one instance", "--instances", "2");
    assertEnds(
        ExitCode.SCENARIO, "a load is made on an event loop; leave out --worker", "--worker");
    // A port that was just closed would not do: another test could have it by now.
    int unused = FreePorts.one();
    assertEnds(
        program(unused, "--conf", "{\"waitMillis\":0}"),
        ExitCode.SCENARIO,
        "no server answers at 127.0.0.1:" + unused);
  }

  @Test
  void program_thatIsStopped_hasFailed() throws Exception {
    slow = new SlowServer(1, request -> request.getEmail());
    JavaProcess bench = program(slow.port(), "--conf", "{\"loads\":[\"create\"],\"seconds\":3000}");
    try {
      assertThat(slow.called.await(Waits.SECONDS, TimeUnit.SECONDS))
          .as(() -> bench.errors())
          .isTrue();
      bench.process().toHandle().destroy();
      assertThat(bench.exitCode()).isEqualTo(ExitCode.SCENARIO);
      assertThat(bench.errors()).contains("user-service: interrupted before all loads had ended");
    } finally {
      bench.kill();
    }
  }

  private JavaProcess program(int port, String... options) throws Exception {
    String[] command = new String[options.length + 1];
    command[0] = LoadVerticle.class.getName();
    System.arraycopy(options, 0, command, 1, options.length);
    return JavaProcess.start(
        folder, Map.of("USER_LOAD_ADDRESSES", "127.0.0.1:" + port), List.of(), command);
  }

  private void assertEnds(int exitCode, String error, String... options) throws Exception {
    assertEnds(program(server.port(), options), exitCode, error);
  }

  private static void assertEnds(JavaProcess bench, int exitCode, String error) throws Exception {
    try {
      assertThat(bench.exitCode()).as(error).isEqualTo(exitCode);
      // Not at the start of the output: a slow machine gets a warning first.
      assertThat(bench.errors()).contains(error.isEmpty() ? "" : "user-service: " + error);
      assertThat(bench.output()).doesNotContain("\u001b");
    } finally {
      bench.kill();
    }
  }

  /** A grpc-java server that creates no users, delays each answer, and may answer wrongly. */
  private static final class SlowServer extends UserServiceGrpc.UserServiceImplBase {

    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();
    private final CountDownLatch called = new CountDownLatch(1);
    private final long holdMillis;
    private final Function<CreateUserRequest, String> email;
    private final Server server;

    private SlowServer(long holdMillis, Function<CreateUserRequest, String> email)
        throws Exception {
      this.holdMillis = holdMillis;
      this.email = email;
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0))
              .addService(this)
              .build()
              .start();
    }

    private int port() {
      return server.getPort();
    }

    @Override
    public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {
      called.countDown();
      UserResponse user =
          UserResponse.newBuilder().setUserId(1).setEmail(email.apply(request)).build();
      later.schedule(
          () -> {
            out.onNext(user);
            out.onCompleted();
          },
          holdMillis,
          TimeUnit.MILLISECONDS);
    }

    private void close() throws Exception {
      server.shutdownNow().awaitTermination(Waits.SECONDS, TimeUnit.SECONDS);
      later.shutdownNow();
    }
  }
}
