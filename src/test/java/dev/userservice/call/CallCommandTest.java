package dev.userservice.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program as a client, in a JVM of its own, against a real server. */
@Timeout(Waits.TEST_SECONDS)
@Tag("slow")
class CallCommandTest {

  private static final String GET_ONE = "{\"user_id\": 1}";

  @TempDir private Path folder;

  private RunningServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private void start(JsonObject config) {
    server = RunningServer.start(1, config);
  }

  /** The output of a call, and its exit code. */
  private record Result(int exitCode, String output, String errors) {}

  private Result call(String... arguments) {
    return callOf("127.0.0.1:" + server.port(), arguments);
  }

  private static Result callOf(String address, String... arguments) {
    List<String> command = new ArrayList<>(List.of("--address", address));
    command.addAll(List.of(arguments));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        CallCommand.run(
            command, InputStream.nullInputStream(), new PrintStream(out), new PrintStream(err));
    return new Result(code, out.toString().strip(), err.toString().strip());
  }

  /** The same in a JVM of its own, whose input is open. */
  private JavaProcess start(List<String> jvm, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("call"));
    command.addAll(List.of(arguments));
    Map<String, String> env = Map.of("USER_CLIENT_ADDRESSES", "127.0.0.1:" + server.port());
    return JavaProcess.start(folder, env, jvm, command.toArray(String[]::new));
  }

  private static void assertEnds(Result call, int code, String output, String errors) {
    assertThat(call).isEqualTo(new Result(code, output, errors));
  }

  private static void assertEndsWell(JavaProcess call) throws Exception {
    assertThat(call.output()).isEmpty();
    assertThat(call.exitCode()).as(call.errors()).isZero();
    assertThat(call.errors()).isEmpty();
  }

  @Test
  void unaryAndServerStreaming() throws Exception {
    start(new JsonObject());
    String alice =
        "{\"user_id\":1,\"name\":\"Alice Johnson\",\"email\":\"alice@example.com\",\"age\":28,"
            + "\"created_at\":\"2025-10-29T10:00:00Z\"}";

    assertEnds(call("GetUser", GET_ONE), 0, alice, "");
    assertEnds(call("users.v1.UserService/ListUsers", "{\"limit\": 1}"), 0, alice, "");
    assertEnds(
        call("users.v1.UserService.GetUser", "{\"user_id\": 42}"),
        69,
        "",
        """
        NOT_FOUND: User with ID 42 not found
          ErrorInfo: USER_NOT_FOUND of userservice.dev
          ResourceInfo: users.v1.User 42""");
    Result json = call("--json", "GetUser", "{\"user_id\": 42}");
    assertThat(json.exitCode()).isEqualTo(69);
    assertThat(new JsonObject(json.errors()).getString("reason")).isEqualTo("USER_NOT_FOUND");
  }

  /** Each message is sent, and each response printed, while the input is open. */
  @Test
  void bidirectional_asItIsTyped() throws Exception {
    start(new JsonObject());
    JavaProcess chat = start(List.of(), "StreamUsers");
    try (OutputStream in = chat.process().getOutputStream()) {
      for (String text : List.of("one", "two")) {
        in.write(
            "{\n\"user_id\": 1, \"message\": \"%s\"}\n"
                .formatted(text)
                .getBytes(StandardCharsets.UTF_8));
        in.flush();
        assertThat(chat.stdout().readLine()).contains("Server received: " + text);
      }
    }
    assertEndsWell(chat);
  }

  @Test
  void clientStreaming_inLittleMemory() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("batchUsers", 20_000)));
    JavaProcess batch = start(List.of("-Xmx48m"), "--deadline", "5m", "BatchCreateUsers");
    try (OutputStream in = batch.process().getOutputStream()) {
      for (int i = 0; i < 20_000; i++) {
        in.write(
            "{\"name\":\"A\",\"email\":\"a%d@example.com\"}"
                .formatted(i)
                .getBytes(StandardCharsets.UTF_8));
      }
    }

    assertThat(batch.stdout().readLine()).startsWith("{\"users_created\":20000,");
    assertEndsWell(batch);
  }

  @Test
  void mistakes() throws Exception {
    start(new JsonObject());

    assertEnds(
        call("GetUsr", GET_ONE),
        2,
        "",
        "user-service: unknown method GetUsr; did you mean GetUser?");
    assertEnds(
        call("GetUser", "{\"user_id\": 1,\n 2}"),
        2,
        "",
        "user-service: the arguments, line 2, column 2: Unexpected character ('2' (code 50)): was"
            + " expecting double-quote to start field name");
    assertEnds(
        call("GetUser", "{\"user_idd\": 1}"),
        2,
        "",
        "user-service: a message is not a users.v1.GetUserRequest: Cannot find field: user_idd in"
            + " message users.v1.GetUserRequest");
    assertEnds(
        call("--deadline", "soon", "GetUser"),
        2,
        "",
        "user-service: --deadline needs a time such as 500ms, 5s or 2m");
    assertEnds(
        call("--nope"),
        2,
        "",
        "user-service: Unknown option: '--nope'; call --help lists the options");
    Result refused = callOf("127.0.0.1:1", "GetUser", GET_ONE);
    assertThat(refused.exitCode()).as("64 + UNAVAILABLE").isEqualTo(78);
    assertThat(refused.errors()).startsWith("user-service: no server answers at 127.0.0.1:1");
  }

  @Test
  void listAndDescribe() throws Exception {
    start(new JsonObject());

    assertThat(call("list").output().lines())
        .contains("users.v1.UserService", "grpc.health.v1.Health");
    assertThat(call("list", "UserService").output().lines())
        .contains("users.v1.UserService/GetUser");
    assertThat(call("describe", "ListUsers").output())
        .isEqualTo(
            "rpc ListUsers(users.v1.ListUsersRequest) returns (stream users.v1.UserResponse);");
    assertThat(call("describe", "grpc.health.v1.HealthCheckResponse.ServingStatus").output())
        .contains("  SERVING = 1;");
  }

  @Test
  void deadline() throws Exception {
    start(new JsonObject());
    Result watch = call("--deadline", "2s", "grpc.health.v1.Health/Watch", "{}");

    assertEnds(
        watch,
        68,
        "{\"status\":\"SERVING\"}",
        "DEADLINE_EXCEEDED: did not complete within 2000 ms");
  }

  /** Our own contract is known without reflection; any other is not. */
  @Test
  void withoutReflection() throws Exception {
    start(new JsonObject().put("reflection", false));

    assertThat(call("GetUser", GET_ONE).output()).contains("Alice Johnson");
    assertEnds(call("list"), 0, "grpc.health.v1.Health\nusers.v1.UserService", "");
  }

  @Test
  void tokenOverTls() throws Exception {
    Certificate authority = Certificate.authority(folder, "authority");
    Issuer issuer = Issuer.make();
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("users:all"));
    start(
        new JsonObject()
            .put("tls", authority.forServer("server").pem())
            .put("auth", issuer.auth(folder, rights)));
    Path token = Files.writeString(folder.resolve("token"), issuer.token("users:all"));
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    String ca = authority.certificate().toString();
    String[] known = {"--ca", ca, "--token-file", token.toString(), "GetUser", GET_ONE};

    assertThat(call(known).output()).contains("Alice Johnson");
    Result metadata =
        call(
            "--ca",
            ca,
            "--metadata",
            "authorization: Bearer " + issuer.token("users:all"),
            "GetUser",
            GET_ONE);
    assertThat(metadata.output()).contains("Alice Johnson");
    Result unknown = call("--ca", ca, "GetUser", GET_ONE);
    assertThat(unknown.exitCode()).as("64 + UNAUTHENTICATED").isEqualTo(80);
    Result plaintext = call("GetUser", GET_ONE);
    assertThat(plaintext.exitCode()).as("64 + UNAVAILABLE").isEqualTo(78);
    assertThat(call("--ca", folder + "/none", "GetUser").exitCode()).isEqualTo(3);
  }

  /** As behind {@code head -1}. */
  @Test
  void readerThatLeaves_endsTheCall() throws Exception {
    start(new JsonObject());
    JavaProcess list = start(List.of(), "grpc.health.v1.Health/Watch", "{}");
    list.stdout().readLine();
    list.process().getInputStream().close();

    // Each change is a response.
    server.vertx().close();

    list.exitCode();
    assertThat(list.errors()).isEmpty();
  }
}
