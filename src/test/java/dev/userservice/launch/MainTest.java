package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.FreePorts;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JavaProcesses;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.SpecialFiles;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.params.provider.MethodSource;

/** The program as an operator sees it: what it prints, and its exit code. */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine blocks forever
@Tag("slow")
class MainTest {

  private static final String SERVER = "dev.userservice.UserVerticle";
  private static final String CLIENT = "dev.userservice.ClientVerticle";
  private static final String ODD = OddVerticle.class.getName();

  @TempDir private Path folder;
  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();

  @Test
  void serves_untilASignal() throws Exception {
    for (String[] command :
        new String[][] {
          {"--conf", "{\"port\":0}"},
          {SERVER, "-conf", "{\"port\":0}", "--options", "conf/vertx.json", "--instances", "1"}
        }) {
      JavaProcess server = start(Map.of(), List.of(), command);
      int port = server.port();
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
      assertThat(
              UserServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
                  .getUser(Requests.get(1))
                  .getName())
          .isEqualTo("Alice Johnson");

      server.process().toHandle().destroy();

      assertThat(server.exitCode()).isEqualTo(ExitCode.OK);
      assertThat(server.output()).as("nothing more on stdout").isEmpty();
      assertThat(server.errors()).isEmpty();
      channel.shutdownNow();
    }
  }

  @Test
  void firstCalls_loadNoClass() throws Exception {
    Path loaded = folder.resolve("loaded");
    JavaProcess server =
        start(
            Map.of(),
            List.of("-Xlog:class+load:file=" + loaded + "::filecount=0"),
            SERVER,
            "--conf",
            "{\"port\":0}");
    int port = server.port();
    int before = Files.readAllLines(loaded).size();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    UserServiceGrpc.UserServiceBlockingStub stub =
        UserServiceGrpc.newBlockingStub(channel).withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS);

    stub.getUser(Requests.get(1));
    stub.createUser(Requests.john());
    stub.listUsers(Requests.list(0, 0)).forEachRemaining(user -> {});

    channel.shutdownNow();
    List<String> lines = Files.readAllLines(loaded);
    assertThat(lines).as("of stores that are not used").noneMatch(line -> line.contains("ratis"));
    // grpc-java's headers are not quite those of the warm-up; a cold server loads hundreds.
    assertThat(lines.subList(before, lines.size())).hasSizeLessThan(20);
  }

  @Test
  void client_runsTheScenariosTwice() throws Exception {
    JavaProcess server = start(Map.of(), List.of(), SERVER, "--conf", "{\"port\":0}");
    Map<String, String> address = Map.of("USER_CLIENT_ADDRESSES", "127.0.0.1:" + server.port());

    JavaProcess first = start(address, List.of(), CLIENT, "--conf", "conf/client.json");
    assertThat(first.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(first.output()).endsWith("5/5 scenarios passed").doesNotContain("\u001b");
    assertThat(first.errors()).isEmpty();

    JavaProcess again = start(address, List.of(), CLIENT);
    assertThat(again.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(again.output()).contains("ALREADY_EXISTS").endsWith("5/5 scenarios passed");
  }

  @Test
  void client_checksThatTheServerIsReady() throws Exception {
    JavaProcess server = start(Map.of(), List.of(), SERVER, "--conf", "{\"port\":0}");

    JavaProcess client =
        start(
            Map.of("USER_CLIENT_ADDRESSES", "127.0.0.1:" + server.port()),
            List.of("-Duser-client.scenarios=health"),
            CLIENT);

    assertThat(client.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(client.output())
        .contains("{\"status\":\"SERVING\"}")
        .endsWith("1/1 scenarios passed");
  }

  @Test
  void client_withoutAServer() throws Exception {
    JavaProcess client =
        start(
            Map.of(),
            List.of(),
            CLIENT,
            "--conf",
            "{\"addresses\":[\"127.0.0.1:1\"],\"waitMillis\":0}");

    assertThat(client.exitCode()).isEqualTo(ExitCode.SCENARIO);
    assertThat(client.errors())
        .startsWith("user-service: no server answers at 127.0.0.1:1 within 0 ms\nStart one with")
        .endsWith("or in USER_CLIENT_ADDRESSES");
  }

  @Test
  void port_inUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();

      JavaProcess server =
          start(
              Map.of("USER_SERVICE_PORT", "" + port),
              List.of(),
              SERVER,
              "--conf",
              "conf/server.json");

      assertThat(server.exitCode()).isEqualTo(ExitCode.ADDRESS);
      assertThat(server.errors().lines())
          .containsExactly(
              "user-service: port %d of 127.0.0.1 is in use; \"lsof -i :%d\" shows the process"
                  .formatted(port, port),
              "Choose another port: \"port\" in the --conf file, USER_SERVICE_PORT or -Duser-service.port");
    }
  }

  @Test
  void host_ofAnotherMachine() throws Exception {
    String postgres =
        "{\"type\":\"postgres\",\"startTimeoutMillis\":0,\"postgres\":{\"host\":\"no.such.host.invalid\",\"insecure\":true}}";
    String host = "{\"host\":\"192.0.2.1\",\"insecure\":true,\"store\":" + postgres + "}";
    JavaProcess server = start(Map.of(), List.of(), SERVER, "--conf", host);
    assertThat(server.exitCode()).isEqualTo(ExitCode.ADDRESS);
    assertThat(server.errors())
        .contains("insecure: calls come to 192.0.2.1 in plaintext")
        .contains("insecure: users and the password go to PostgreSQL at no.such.host.invalid")
        .contains("user-service: 192.0.2.1 is not an address of this machine");
  }

  @Test
  void host_ofIPv6_withoutIPv6() throws Exception {
    String none = " is an IPv6 address, and this machine, or its Java (java.net.preferIPv4Stack)";
    for (String host : List.of("::1", "::")) {
      JavaProcess server = withoutIPv6("{\"port\":0,\"host\":\"" + host + "\",\"insecure\":true}");
      assertThat(server.exitCode()).as(server.errors()).isEqualTo(ExitCode.ADDRESS);
      assertThat(server.errors())
          .contains("user-service: " + host + none)
          .contains("Choose another: \"host\" in the --conf file");
    }
    JavaProcess managed = withoutIPv6("{\"port\":0,\"management\":{\"port\":0,\"host\":\"::1\"}}");
    assertThat(managed.exitCode()).as(managed.errors()).isEqualTo(ExitCode.ADDRESS);
    assertThat(managed.errors()).contains("\"management.host\"");
    JavaProcess database =
        withoutIPv6("{\"store\":{\"type\":\"postgres\",\"postgres\":{\"host\":\"::1\"}}}");
    assertThat(database.exitCode()).as(database.errors()).isEqualTo(ExitCode.STORE);
    assertThat(database.errors())
        .startsWith("user-service: PostgreSQL at [::1]:5432, database users, user users: ")
        .contains("its address is of IPv6");
  }

  private JavaProcess withoutIPv6(String config) throws Exception {
    return start(Map.of(), List.of("-Djava.net.preferIPv4Stack=true"), "--conf", config);
  }

  @Test
  void configuration_thatIsRefused() throws Exception {
    Path broken = Files.writeString(folder.resolve("broken.json"), "{\"port\": }");
    assertRefused("nope.json: the file is missing", SERVER, "--conf", "nope.json");
    assertRefused(broken + ": line 1, column 10", SERVER, "--conf", broken.toString());
    assertRefused("--conf text: unknown key \"prot\"", "--conf", "{\"prot\":1}");
    assertRefused("--conf text: \"addresses\" is 5", CLIENT, "--conf", "{\"addresses\":5}");
    assertRefused("nope.json: the file is missing", SERVER, "--options", "nope.json");
    assertRefused("nope.json: the file is missing", SERVER, "--deployment-options", "nope.json");
    assertRefused("--conf is empty", SERVER, "--conf", "");
    assertRefused("/dev/zero: is not a regular file", SERVER, "--conf", "/dev/zero");
    String pipe = SpecialFiles.pipe(folder).toString();
    assertRefused(pipe + ": is not a regular file", SERVER, "--conf", pipe);
    String deploy = "--deployment-options";
    assertRefused("--options: eventLoop", "--options", "{\"eventLoopPoolSize\":0}");
    assertRefused(deploy + ": No enum constant", deploy, "{\"threadingModel\":\"x\"}");
    assertRefused(
        deploy + ": \"instances\" must be a number, but is a text",
        deploy,
        "{\"instances\":\"2\"}");
  }

  /** As {@code --conf <(command)} of a shell, which is {@code --conf /dev/fd/63}. */
  @Test
  void configuration_fromAProcessSubstitution() throws Exception {
    for (String pipe : List.of("/dev/stdin", "/dev/fd/0")) {
      JavaProcess listing = start(Map.of(), List.of(), "--conf", pipe, "--print-config");
      try (OutputStream in = listing.process().getOutputStream()) {
        in.write("{\"port\": 50123}".getBytes(StandardCharsets.UTF_8));
      }
      assertThat(listing.exitCode()).as("%s: %s", pipe, listing.errors()).isEqualTo(ExitCode.OK);
      assertThat(listing.output()).contains("\"port\": 50123,");
    }
  }

  @Test
  void security_thatIsMissingOrBroken() throws Exception {
    assertRefused(
        "--conf text: \"host\" is refused, since calls come to 0.0.0.0 in plaintext",
        "--conf",
        "{\"host\":\"0.0.0.0\"}");
    assertRefused(
        "none.pem does not exist: \"tls.certificateFile\"",
        "--conf",
        "{\"port\":0,\"tls\":{\"certificateFile\":\"none.pem\",\"keyFile\":\"none.key\"}}");
    assertRefused(
        "configuration: \"rateLimit.methods\" has \"a/b\", which is not a method",
        "--conf",
        "{\"port\":0,\"rateLimit\":{\"methods\":{\"a/b\":1}}}");
  }

  @Test
  void secret_onTheCommandLine_logsAWarning() throws Exception {
    JavaProcess server =
        start(
            Map.of(),
            List.of("-Duser-service.store.postgres.password=s3cret"),
            SERVER,
            "--conf",
            "{\"port\":0,\"store\":{\"type\":\"memory\"}}");
    assertThat(server.port()).isPositive();
    assertThat(server.errors())
        .startsWith(
            "user-service: \"store.postgres.password\" is a secret, and on the command line")
        .doesNotContain("s3cret");
  }

  @Test
  void management_onThePortOfCalls_isRefused() throws Exception {
    assertRefused(
        "--conf text: \"management.port\" and \"port\" are both 50051: take another",
        "--conf",
        "{\"management\":{\"port\":50051}}");
    assertRefused(
        "configuration: \"port\" is 7801, which is among the ports of \"cluster.port\"",
        "--cluster",
        "--conf",
        "{\"port\":7801}");
    assertRefused(
        "configuration: \"port\" is 50051, and so is the port of the event bus (--cluster-port)",
        "--cluster",
        "--cluster-port",
        "50051");
  }

  @Test
  void options_thatVertxWouldIgnore_areRefused() throws Exception {
    assertRefused(
        "--options: unknown key \"eventLoopPoolsize\"; did you mean \"eventLoopPoolSize\"?",
        "--options",
        "{\"eventLoopPoolsize\":1}");
    JavaProcess server =
        start(Map.of(), List.of("-Dvertx.options.eventLoops=1"), "--conf", "{\"port\":0}");
    assertThat(server.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(server.errors())
        .isEqualTo("user-service: unknown property -Dvertx.options.eventLoops");
  }

  @Test
  void version_ofEverything() throws Exception {
    JavaProcess program = start(Map.of(), List.of(), "--version");
    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(program.errors()).isEmpty();
    assertThat(program.output())
        .matches("user-service \\S+, Vert.x 5\\S+, Java " + System.getProperty("java.version"));
  }

  @Test
  void explain_aKey() throws Exception {
    JavaProcess program = start(Map.of(), List.of(), CLIENT, "--explain", "deadlineMillis");
    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(program.errors()).isEmpty();
    assertThat(program.output())
        .startsWith("deadlineMillis")
        .contains("USER_CLIENT_DEADLINE_MILLIS");
    assertEnds(ExitCode.USAGE, "unknown key \"prot\"; did you mean \"port\"?", "--explain", "prot");
  }

  @Test
  void verticle_withoutItsPackage_andByItsWord() throws Exception {
    JavaProcess server = start(Map.of(), List.of(), "UserVerticle", "--conf", "{\"port\":0}");
    Map<String, String> env =
        Map.of(
            "USER_CLIENT_ADDRESSES", "127.0.0.1:" + server.port(), "USER_CLIENT_SCENARIOS", "get");

    for (String name : List.of("ClientVerticle", "demo")) {
      JavaProcess client = start(env, List.of(), name);
      assertThat(client.exitCode()).as(client.errors()).isEqualTo(ExitCode.OK);
      assertThat(client.output()).endsWith("1/1 scenarios passed");
    }
  }

  @Test
  void client_showsTheWait() throws Exception {
    String address = "127.0.0.1:" + FreePorts.one();

    for (String verticle : List.of(CLIENT, "dev.userservice.LoadVerticle")) {
      JavaProcess client =
          start(
              Map.of(),
              List.of(),
              verticle,
              "--conf",
              "{\"addresses\":[\"" + address + "\"],\"waitMillis\":1500}");

      assertThat(client.exitCode()).isEqualTo(ExitCode.SCENARIO);
      assertThat(client.output()).isEqualTo("Waiting up to 1 s for a server at " + address);
    }
  }

  private void assertRefused(String why, String... command) throws Exception {
    assertEnds(ExitCode.CONFIGURATION, why, command);
  }

  /** Asserts the exit code, and one line of error that starts with {@code why}. */
  private void assertEnds(int exitCode, String why, String... command) throws Exception {
    JavaProcess program = start(Map.of(), List.of(), command);
    assertThat(program.exitCode()).as(why).isEqualTo(exitCode);
    assertThat(program.errors()).startsWith("user-service: " + why).hasLineCount(1);
  }

  @Test
  void property_winsOverTheEnvironment() throws Exception {
    JavaProcess server =
        start(Map.of("USER_SERVICE_PORT", "1"), List.of("-Duser-service.port=x"), SERVER);
    assertThat(server.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(server.errors()).startsWith("user-service: -Duser-service.port: \"port\" is \"x\"");
    String instances = "-Dvertx.deployment.options.instances";
    JavaProcess none = start(Map.of(), List.of(instances + "=0"), "--conf", "{\"port\":0}");
    assertThat(none.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(none.errors())
        .isEqualTo("user-service: " + instances + " is 0, but must be 1 or more");
  }

  @Test
  void commandLine_thatIsMisused() throws Exception {
    assertEnds(ExitCode.USAGE, "unknown option --nope; --help lists the options", "--nope");
    assertEnds(ExitCode.USAGE, "--instances is 0, but must be 1 or more", "--instances", "0");
    assertEnds(ExitCode.USAGE, "Invalid value for option '--instances': 'x'", "--instances", "x");
    assertEnds(
        ExitCode.USAGE,
        "-Dx is an option of java, and goes before -jar: java -Dx=... -jar",
        "-Dx=1");
    assertEnds(ExitCode.USAGE, "unknown option --port; \"port\" is a key of", "--port", "50052");
    assertEnds(ExitCode.USAGE, "--worker and --virtual-thread exclude each other", "-w", "-vt");
  }

  @Test
  void configuration_fromAPipe() throws Exception {
    JavaProcess server = start(Map.of(), List.of(), SERVER, "--conf", "/dev/stdin");
    server.process().outputWriter().append("{\"port\":0}").close();
    assertThat(server.port()).isPositive();
  }

  @Test
  void signal_whileStarting() throws Exception {
    JavaProcess server = start(Map.of(), List.of(), ODD);
    assertThat(server.stdout().readLine()).isEqualTo("starting");
    server.process().toHandle().destroy();
    assertThat(server.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(server.errors()).isEmpty();
    try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      mute.setSoTimeout(Waits.MILLIS);
      String address = "127.0.0.1:" + mute.getLocalPort();
      JavaProcess client = start(Map.of("USER_CLIENT_ADDRESSES", address), List.of(), CLIENT);
      mute.accept();
      client.process().toHandle().destroy();
      assertThat(client.exitCode()).isEqualTo(ExitCode.SCENARIO);
      assertThat(client.errors())
          .isEqualTo("user-service: interrupted before all scenarios had passed");
    }
  }

  /**
   * Without INT where the tests run in the background of a shell: a child process cannot undo that.
   */
  static List<String> signals() throws IOException {
    Path status = Path.of("/proc/self/status");
    boolean ignoresInt =
        Files.exists(status)
            && Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    return ignoresInt ? List.of("TERM") : List.of("INT", "TERM");
  }

  @ParameterizedTest
  @MethodSource("signals")
  void signal_whileAScenarioRuns_endsTheRunWithOneLine(String signal) throws Exception {
    try (RunningServer server = RunningServer.start()) {
      Map<String, String> env =
          Map.of(
              "USER_CLIENT_ADDRESSES", "127.0.0.1:" + server.port(),
              "USER_CLIENT_SCENARIOS", "chat,get",
              "USER_CLIENT_PAUSE_MILLIS", "10000");
      JavaProcess client = start(env, List.of(), CLIENT);
      String line = client.stdout().readLine();
      while (line != null && !line.contains("Server received: Hello")) {
        line = client.stdout().readLine();
      }
      assertThat(line).as(client::errors).isNotNull();

      client.signal(signal);

      assertThat(client.exitCode()).isEqualTo(ExitCode.SCENARIO);
      assertThat(client.errors())
          .isEqualTo("user-service: interrupted before all scenarios had passed");
      assertThat(client.output()).as("nothing more on stdout").isEmpty();
    }
  }

  @Test
  void error_thatEscapesTheLauncher() throws Exception {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(
        services.resolve("io.vertx.core.spi.VertxServiceProvider"), "no.such.Provider");
    JavaProcess server = start(Map.of(), List.of("-Xbootclasspath/a:" + folder), SERVER);
    assertThat(server.exitCode()).isEqualTo(ExitCode.UNEXPECTED);
    assertThat(server.errors()).contains("no.such.Provider not found").hasLineCount(1);
  }

  @Test
  void help_listsTheStockOptions() throws Exception {
    JavaProcess program = start(Map.of(), List.of(), "--help");
    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(program.output())
        .startsWith("Examples:")
        .contains("--conf", "--options", "--instances", "--cluster");
  }

  @Test
  void verticle_thatCannotStart() throws Exception {
    assertEnds(15, "unknown verticle no.such.Verticle;", "no.such.Verticle");
    assertEnds(15, "not to be", ODD, "--conf", "{\"fail\":\"not to be\"}");
    assertEnds(15, "not to bind", ODD, "--conf", "{\"bind\":\"not to bind\"}");
    assertEnds(ExitCode.USAGE, "--cluster is for servers", CLIENT, "--cluster");
    assertEnds(
        ExitCode.ADDRESS,
        "cannot listen for other servers on 192.0.2.1, port 7800 to 7809: \"cluster.host\"",
        SERVER,
        "--cluster",
        "--conf",
        "{\"cluster\":{\"host\":\"192.0.2.1\",\"insecure\":true}}");
  }

  /** A verticle of another program that fails to start. */
  public static final class OddVerticle extends VerticleBase {
    @Override
    public Future<?> start() {
      String fail = config().getString("fail");
      String bind = config().getString("bind");
      System.out.println("starting");
      return fail != null
          ? Future.failedFuture(fail)
          : bind != null
              ? Future.failedFuture(new BindException(bind))
              : Promise.promise().future();
    }
  }

  private JavaProcess start(Map<String, String> env, List<String> jvm, String... command)
      throws Exception {
    return programs.start(folder, env, jvm, command);
  }
}
