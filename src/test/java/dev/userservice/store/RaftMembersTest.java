package dev.userservice.store;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.list;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.FreePorts;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.RaftConfigs;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which servers a replicated log has, and what becomes of one that has lost what it had. */
@Tag("slow")
class RaftMembersTest {

  private static final int USERS = 20;

  @TempDir private Path folder;

  private final List<ClusterNode> nodes = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (ClusterNode node : nodes) {
      node.close();
    }
  }

  @Test
  void folderLost_isRefused_andComesInAsNew() throws Exception {
    JsonArray servers = RaftConfigs.servers(3);
    startAll(servers);
    createUsers(nodes.get(0));
    Path lost = folderOf(nodes.get(2));
    nodes.remove(2).close();
    delete(lost);

    assertRefused(config(servers), "was one of the log", "it has forgotten what it had confirmed");

    nodes.add(start(config(servers, true)));
    assertUsers();
    // It counts: without another one, there is a majority.
    nodes.remove(0).close();
    createUsers(nodes.get(0));
    assertUsers();
  }

  /** The log alone, beside what the server remembers of itself. */
  @Test
  void logLost_isRefused() throws Exception {
    JsonArray servers = RaftConfigs.servers(1);
    startOne(servers);
    Path lost = folderOf(nodes.get(0));
    nodes.remove(0).stops();
    delete(lost.resolve("log"));

    assertRefused(config(servers), "has lost its log");
  }

  @Test
  void logCut_isRefused() throws Exception {
    JsonArray servers = RaftConfigs.servers(1);
    startOne(servers);
    createUsers(nodes.get(0));
    Path own = folderOf(nodes.get(0));
    // Health notes once a second how far the log has come.
    Waits.until("noted", () -> reached(own) >= USERS);
    nodes.remove(0).close();
    Path log = file(own, "log_inprogress_");
    try (var bytes = Files.newByteChannel(log, java.nio.file.StandardOpenOption.WRITE)) {
      bytes.truncate(300);
    }

    assertRefused(config(servers), "has a log that was cut");
  }

  @Test
  void logChangedByABit_isRefused_andTheOthersGoOn() throws Exception {
    JsonArray servers = RaftConfigs.servers(3);
    startAll(servers);
    createUsers(nodes.get(0));
    Path own = folderOf(nodes.get(2));
    nodes.remove(2).close();
    flip(file(own, "log_inprogress_"), 200);

    assertRefused(config(servers), "has a log or a snapshot that cannot be read");
    createUsers(nodes.get(1));
    assertUsers();
  }

  @Test
  void snapshotChangedByABit_isRefused() throws Exception {
    JsonArray servers = RaftConfigs.servers(1);
    startOne(servers);
    createUsers(nodes.get(0));
    Path own = folderOf(nodes.get(0));
    // It takes one when it stops.
    nodes.remove(0).stops();
    flip(file(own, "snapshot."), 100);

    assertRefused(config(servers), "has a log or a snapshot that cannot be read");
  }

  @Test
  void addressNoLongerInTheList_isRefused() throws Exception {
    startOne(RaftConfigs.servers(1));
    nodes.remove(0).stops();

    assertRefused(
        config(RaftConfigs.servers(1)),
        "has the log of a server that is not in \"store.raft.servers\"");
  }

  @Test
  void oneServer_growsToThree() throws Exception {
    JsonArray servers = RaftConfigs.servers(3);
    startOne(new JsonArray().add(servers.getString(0)));
    createUsers(nodes.get(0));

    nodes.add(start(config(servers)));
    nodes.add(start(config(servers)));
    assertThat(nodes)
        .extracting(ClusterNode::newLog)
        .as("a line says what a server waits for")
        .noneMatch(log -> log.contains("\"message\":\"; "));
    assertUsers();

    nodes.remove(0).close();
    createUsers(nodes.get(0));
    assertUsers();
  }

  @Test
  void server_isReplacedByAnotherAddress_andOneIsRemoved() throws Exception {
    JsonArray servers = RaftConfigs.servers(3);
    startAll(servers);
    createUsers(nodes.get(0));
    String gone = addressOf(nodes.get(2));
    nodes.remove(2).close();
    JsonArray others = new JsonArray();
    servers.stream().filter(address -> !address.equals(gone)).forEach(others::add);
    String fresh = RaftConfigs.servers(1).getString(0);
    others.add(fresh);
    int management = FreePorts.one();

    assertRefused(config(others), "is not in \"store.raft.servers\"");
    nodes.add(
        start(config(others, true).put("management", new JsonObject().put("port", management))));
    assertUsers();
    assertThat(new JsonArray(raft(management, "GET", "").getJsonArray("servers").encode()))
        .containsExactlyInAnyOrderElementsOf(others);

    assertThat(statusLine(management, "DELETE /raft/servers/%zz")).contains(" 400 ");
    assertThat(statusLine(management, "DELETE /raft/servers/10.0.0.9:1")).contains(" 409 ");
    assertThat(statusLine(management, "PUT /raft/servers/" + fresh)).contains(" 405 ");
    ClusterNode removed = nodes.remove(0);
    String address = addressOf(removed);
    Waits.until("the removal", () -> removes(management, address));
    assertThat(raft(management, "GET", "").getJsonArray("servers")).contains(fresh);
    removed.awaitNewLog("no longer takes part in the log");
    assertThat(code(removed)).isEqualTo(Code.UNAVAILABLE);
    removed.close();
    createUsers(nodes.get(0));
    assertUsers();
  }

  @Test
  void withTls_strangersGetNothing_andAreLogged() throws Exception {
    Certificate own = Certificate.make(folder, "member");
    JsonObject tls =
        new JsonObject()
            .put("certificateFile", own.certificate().toString())
            .put("keyFile", own.key().toString())
            .put("caFile", own.certificate().toString());
    JsonArray servers = RaftConfigs.servers(3);
    JsonObject trusted = config(servers).put("cluster", new JsonObject().put("tls", tls));
    nodes.addAll(ClusterNode.start(folder, trusted, 3));
    createUsers(nodes.get(0));
    assertUsers();

    // Strangers know all addresses. This one waits for an answer in plaintext.
    try (Socket stranger = connect(nodes.get(0))) {
      stranger.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
      assertThat(stranger.getInputStream().readAllBytes())
          .as("at most an alert of TLS")
          .hasSizeLessThan(16);
    }
    nodes.get(0).awaitNewLog("speaks plaintext, but this port is for TLS");

    SSLContext trusting = SSLContext.getInstance("TLSv1.2");
    trusting.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    try (Socket stranger = connect(nodes.get(1));
        SSLSocket layer =
            (SSLSocket) trusting.getSocketFactory().createSocket(stranger, "", 0, true)) {
      assertThatThrownBy(layer::startHandshake).isInstanceOf(IOException.class);
    }
    nodes.get(1).awaitNewLog("sent no certificate of the authorities in \\\"cluster.tls.caFile");
    createUsers(nodes.get(1));
    assertUsers();
  }

  private Socket connect(ClusterNode node) throws IOException {
    Socket socket = new Socket("127.0.0.1", Integer.parseInt(addressOf(node).split(":")[1]));
    socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Waits.SECONDS));
    return socket;
  }

  private void startAll(JsonArray servers) throws IOException {
    nodes.addAll(ClusterNode.start(folder, config(servers), servers.size()));
  }

  private void startOne(JsonArray servers) throws IOException {
    nodes.add(start(config(servers)));
  }

  private ClusterNode start(JsonObject config) throws IOException {
    return ClusterNode.start(folder, config);
  }

  private JsonObject config(JsonArray servers) {
    return config(servers, false);
  }

  private JsonObject config(JsonArray servers, boolean join) {
    JsonObject store = RaftConfigs.store(servers, folder.resolve("raft"));
    store.getJsonObject("raft").put("join", join);
    return new JsonObject().put("sampleUsers", false).put("store", store);
  }

  private void assertRefused(JsonObject config, String... words) throws Exception {
    JavaProcess program =
        JavaProcess.start(
            folder, Map.of(), List.of(), "--conf", config.copy().put("port", 0).encode());
    assertThat(program.exitCode()).as(program::errors).isEqualTo(ExitCode.STORE);
    assertThat(program.errors().lines().filter(line -> line.startsWith("user-service: ")))
        .singleElement()
        .asString()
        .contains(words);
  }

  private void createUsers(ClusterNode node) {
    for (int i = 0; i < USERS; i++) {
      String email = "user" + System.nanoTime() + "@example.com";
      node.blocking().createUser(create("Ada", email, 1));
    }
  }

  /** All servers have the same users, and ids without a gap. */
  private void assertUsers() {
    List<List<Integer>> all = new ArrayList<>();
    for (ClusterNode node : nodes) {
      List<Integer> ids = new ArrayList<>();
      node.blocking().listUsers(list(0, 0)).forEachRemaining(user -> ids.add(user.getUserId()));
      all.add(ids);
    }
    assertThat(all.get(0)).hasSizeGreaterThanOrEqualTo(USERS).isSorted();
    assertThat(all.get(0).get(all.get(0).size() - 1)).isEqualTo(all.get(0).size());
    assertThat(all).containsOnly(all.get(0));
  }

  private static Code code(ClusterNode node) {
    try {
      node.blocking().createUser(create("Ada", "late@example.com", 1));
      return Code.OK;
    } catch (StatusRuntimeException refused) {
      return refused.getStatus().getCode();
    }
  }

  /** A server holds a lock with its process id in it. */
  private Path folderOf(ClusterNode node) throws IOException {
    try (Stream<Path> folders = Files.list(folder.resolve("raft"))) {
      for (Path each : folders.toList()) {
        if (Files.readString(each.resolve("lock")).strip().equals("" + node.pid())) {
          return each;
        }
      }
    }
    throw new AssertionError("no folder is of process " + node.pid());
  }

  private String addressOf(ClusterNode node) throws IOException {
    return folderOf(node).getFileName().toString().replace('_', ':');
  }

  private static int reached(Path own) {
    try {
      return Integer.parseInt(Files.readString(own.resolve("reached")).strip());
    } catch (IOException | NumberFormatException notYet) {
      return -1;
    }
  }

  /** The newest whose name begins so. */
  private static Path file(Path own, String name) throws IOException {
    try (Stream<Path> files = Files.walk(own)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(name))
          .filter(file -> !file.toString().endsWith(".md5"))
          .max(Comparator.naturalOrder())
          .orElseThrow();
    }
  }

  private static void flip(Path file, int position) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[position] ^= 1;
    Files.write(file, bytes);
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Asks again if the majority did not answer in time, as an operator does. */
  private static boolean removes(int management, String server) {
    try {
      statusLine(management, "DELETE /raft/servers/" + server);
      return raft(management, "GET", "").getJsonArray("servers").size() == 2;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** By hand: a client of HTTP would not send all of them. */
  private static String statusLine(int management, String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", management)) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Waits.SECONDS));
      socket
          .getOutputStream()
          .write(
              (request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer.lines().findFirst().orElse("");
    }
  }

  private static JsonObject raft(int management, String method, String path) throws Exception {
    String body =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + management + "/raft" + path))
                    .method(method, HttpRequest.BodyPublishers.noBody())
                    .build(),
                BodyHandlers.ofString())
            .body();
    return new JsonObject(body);
  }
}
