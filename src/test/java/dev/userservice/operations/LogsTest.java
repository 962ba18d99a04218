package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.ClientConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JavaProcesses;
import dev.userservice.kit.Requests;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import dev.userservice.launch.StartLines;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The program's own words: when it starts, in its log, and when it is asked. */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
@Tag("slow")
class LogsTest {

  private static final String CLIENT = "dev.userservice.ClientVerticle";
  private static final String CALL = "users.v1.UserService/GetUser OK \\d+ ms, 1 in, 1 out, from ";

  @TempDir private Path folder;
  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();

  @Test
  void start_saysWhatRuns() throws Exception {
    JavaProcess server = start(Map.of(), List.of(), "--conf", "{\"port\":0}", "--instances", "2");

    assertThat(server.startLines())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .matches("user-service dev, Vert\\.x 5\\.\\S+, Java \\d\\S+, 2 instances"),
            line -> assertThat(line).matches("gRPC Server started on port \\d+"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "Store: memory; calls: plaintext, from any client that reaches 127.0.0.1"),
            line -> assertThat(line).isEqualTo("Server is ready to accept requests..."));
  }

  @Test
  void startLines_ofACluster_areFive() {
    JsonObject config =
        new JsonObject(
            """
            {"store": {"type": "sqlite", "sqlite": {"file": "a\\nb.db"}},
             "tls": {"certificateFile": "c", "keyFile": "k", "clientCaFile": "ca"},
             "management": {"port": 0, "host": "::1"},
             "auth": {"certificates": {"job": {"roles": ["r"]}}, "rights": {"*": ["r"]}}}
            """);

    assertThat(StartLines.of(ServerConfig.from(config), 1, 5, 6, "Cluster: 3 members", false))
        .satisfiesExactly(
            line -> assertThat(line).endsWith(", 1 instance"),
            line -> assertThat(line).isEqualTo("gRPC Server started on port 5"),
            line -> assertThat(line).isEqualTo("Cluster: 3 members"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "Store: SQLite in a?b.db; calls: mutual TLS, from callers with a known certificate; management: [::1]:6"),
            line -> assertThat(line).startsWith("Server waits for its store; "));
  }

  @Test
  void log_withoutATerminal_isJson() throws Exception {
    List<JsonObject> log =
        logOfACall("{\"port\":0,\"accessLog\":true}", List.of()).map(JsonObject::new).toList();

    JsonObject line = log.get(log.size() - 1);
    assertThat(line.getString("timestamp"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(line.getString("severity")).isEqualTo("INFO");
    assertThat(line.getString("logger")).isEqualTo(AccessLog.class.getName());
    assertThat(line.getString("message")).matches(CALL + line.getString("peer"));
    assertThat(line.getString("rpc.method")).isEqualTo("users.v1.UserService/GetUser");
    assertThat(line.getString("rpc.response.status_code")).isEqualTo("OK");
    assertThat(line.getLong("duration_ms")).isNotNegative();
  }

  @Test
  void log_asText_whenItIsAskedFor() throws Exception {
    assertThat(logOfACall("{\"port\":0,\"accessLog\":true,\"log\":\"text\"}", List.of()))
        .last()
        .asString()
        .matches("\\S+T\\S+[+-]\\d{4} INFO " + AccessLog.class.getName() + ": " + CALL + "\\S+");
  }

  @Test
  void log_withAConfigurationOfTheUsersOwn_isAsThatSays() throws Exception {
    Path own =
        Files.writeString(
            folder.resolve("own.properties"),
            """
            handlers=java.util.logging.ConsoleHandler
            java.util.logging.SimpleFormatter.format=mine: %5$s%n
            """);

    assertThat(
            logOfACall(
                "{\"port\":0,\"accessLog\":true,\"log\":\"json\"}",
                List.of("-Djava.util.logging.config.file=" + own)))
        .last()
        .asString()
        .matches("mine: " + CALL + "\\S+");
  }

  @Test
  void printConfig_ofTheServer() throws Exception {
    JavaProcess program =
        start(
            Map.of(
                "USER_SERVICE_PORT",
                "1",
                "USER_SERVICE_STORE_TYPE",
                "postgres",
                "USER_SERVICE_STORE_POSTGRES_PASSWORD",
                "s3cret"),
            List.of(),
            "--print-config",
            "--conf",
            "conf/server.json");

    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
    String output = program.output();
    assertThat(output)
        .containsPattern("\"host\": \"127.0.0.1\", +// conf/server.json\n")
        .containsPattern("\"port\": 1, +// environment variable USER_SERVICE_PORT\n")
        .containsPattern("\"password\": \"\\*{3}\", +// environment variable USER_SERVICE_STORE")
        .doesNotContain("s3cret", "gRPC Server started");
    assertThat(program.errors()).isEmpty();
  }

  @Test
  void printConfig_ofTheClient() throws Exception {
    JavaProcess program = start(Map.of(), List.of(), CLIENT, "--print-config");

    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(ClientConfig.from(new JsonObject(program.output().replaceAll("  *// .*", ""))))
        .isEqualTo(ClientConfig.from(new JsonObject()));
  }

  @Test
  void printConfig_ofWhatIsRefused() throws Exception {
    for (String[] command :
        new String[][] {
          {"--conf text: unknown key \"prot\"", "{\"prot\":1}"},
          {"configuration: \"rateLimit.methods\"", "{\"rateLimit\":{\"methods\":{\"a/b\":1}}}"}
        }) {
      JavaProcess program = start(Map.of(), List.of(), "--print-config", "--conf", command[1]);
      assertThat(program.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
      assertThat(program.errors()).startsWith("user-service: " + command[0]).hasLineCount(1);
      assertThat(program.output()).isEmpty();
    }
    JavaProcess other = start(Map.of(), List.of(), "no.such.Verticle", "--print-config");
    assertThat(other.exitCode()).isEqualTo(ExitCode.USAGE);
  }

  /** All lines on stderr of a server that has answered one call and was stopped. */
  private Stream<String> logOfACall(String config, List<String> jvm) throws Exception {
    JavaProcess server = start(Map.of(), jvm, "--conf", config);
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      assertThat(
              UserServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
                  .getUser(Requests.get(1))
                  .getName())
          .isEqualTo("Alice Johnson");
    } finally {
      channel.shutdownNow();
    }
    server.process().toHandle().destroy();
    assertThat(server.exitCode()).isEqualTo(ExitCode.OK);
    return server.errors().lines();
  }

  private JavaProcess start(Map<String, String> env, List<String> jvm, String... command)
      throws Exception {
    return programs.start(folder, env, jvm, command);
  }
}
