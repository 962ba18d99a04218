package dev.userservice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpcService;
import dev.userservice.rpc.RawHttp;
import dev.userservice.rpc.RawHttp.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page of a real server, and the JSON that it asks for. */
@Timeout(Waits.TEST_SECONDS)
class WebPagesTest {

  private static final String HOST = "host: localhost";

  private static final String SCRIPT = "text/javascript; charset=utf-8";

  private static final Map<String, String> FILES =
      Map.ofEntries(
          Map.entry("/", "text/html; charset=utf-8"),
          Map.entry("/page.css", "text/css; charset=utf-8"),
          Map.entry("/icon.svg", "image/svg+xml"),
          Map.entry("/page.js", SCRIPT),
          Map.entry("/contract.js", SCRIPT),
          Map.entry("/copy.js", SCRIPT),
          Map.entry("/dom.js", SCRIPT),
          Map.entry("/method.js", SCRIPT),
          Map.entry("/output.js", SCRIPT),
          Map.entry("/run.js", SCRIPT),
          Map.entry("/socket.js", SCRIPT),
          Map.entry("/status.js", SCRIPT),
          Map.entry("/wire.js", SCRIPT));

  private static final Map<String, String> SAFE =
      Map.of(
          "content-security-policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
              + " img-src 'self' data:; base-uri 'none'; form-action 'none';"
              + " frame-ancestors 'none'",
          "x-content-type-options",
          "nosniff",
          "referrer-policy",
          "no-referrer",
          "cross-origin-resource-policy",
          "same-origin");

  @TempDir private Path folder;
  private RunningServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private void start(JsonObject config) {
    server = RunningServer.start(2, config);
  }

  private void start() {
    start(new JsonObject());
  }

  private static JsonObject web(String key, Object value) {
    return new JsonObject().put("web", new JsonObject().put(key, value));
  }

  private Answer ask(String line, String... headers) throws Exception {
    try (RawHttp client = new RawHttp(server.port())) {
      return ask(client, line, headers);
    }
  }

  private static Answer ask(RawHttp client, String line, String... headers) throws Exception {
    String head = line + " HTTP/1.1\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
    client.send(head);
    return line.startsWith("HEAD") ? client.head() : client.answer();
  }

  private static String resource(String path) throws Exception {
    String name = path.equals("/") ? "/index.html" : path;
    return Files.readString(Path.of("src/main/resources/web" + name));
  }

  @Test
  void files_areThoseOfTheFolder_withTheirHeaders() throws Exception {
    start();
    try (RawHttp client = new RawHttp(server.port())) {
      for (var file : FILES.entrySet()) {
        Answer answer = ask(client, "GET " + file.getKey(), HOST);

        assertThat(answer.status()).as(file.getKey()).isEqualTo(200);
        assertThat(answer.headers())
            .containsAllEntriesOf(SAFE)
            .containsEntry("content-type", file.getValue())
            .containsEntry("cache-control", "no-cache")
            .doesNotContainKeys("access-control-allow-origin", "set-cookie", "server");
        assertThat(answer.body().getBytes(StandardCharsets.ISO_8859_1))
            .isEqualTo(resource(file.getKey()).getBytes(StandardCharsets.UTF_8));
        Answer head = ask(client, "HEAD " + file.getKey(), HOST);
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.headers()).isEqualTo(answer.headers());
      }
    }
    try (Stream<Path> files = Files.list(Path.of("src/main/resources/web"))) {
      assertThat(files.map(file -> "/" + file.getFileName()))
          .as("each file is in the list of WebPages")
          .allSatisfy(
              path -> assertThat(FILES).containsKey(path.equals("/index.html") ? "/" : path));
    }
  }

  @Test
  void file_thatTheBrowserHas_isNotSentAgain() throws Exception {
    start();
    try (RawHttp client = new RawHttp(server.port())) {
      String tag = ask(client, "GET /page.js", HOST).header("etag");
      assertThat(tag).startsWith("\"").endsWith("\"").hasSizeGreaterThan(20);

      for (String known : List.of(tag, "\"x\", W/" + tag, "*")) {
        Answer answer = ask(client, "HEAD /page.js", HOST, "if-none-match: " + known);
        assertThat(answer.status()).as(known).isEqualTo(304);
        assertThat(answer.headers())
            .containsAllEntriesOf(SAFE)
            .containsEntry("etag", tag)
            .containsEntry("cache-control", "no-cache");
      }
      for (String other : List.of("\"x\"", ask(client, "GET /", HOST).header("etag"))) {
        assertThat(ask(client, "GET /page.js", HOST, "if-none-match: " + other).status())
            .isEqualTo(200);
      }
    }
  }

  @Test
  void paths_areExact() throws Exception {
    start();
    for (String path :
        List.of(
            "/index.html",
            "/page.js/",
            "//page.js",
            "/PAGE.JS",
            "/%70age.js",
            "/./page.js",
            "/x/../page.js",
            "/contract.binpb",
            "/web/contract.binpb",
            "/../../../etc/passwd",
            "/users.v1.UserService/CreateUser")) {
      Answer answer = ask("GET " + path, HOST);
      assertThat(answer.status()).as(path).isEqualTo(405);
      assertThat(answer.body()).contains("This server speaks gRPC");
    }
    assertThat(ask("GET /?method=GetUser", HOST).status()).as("a link to a call").isEqualTo(200);
  }

  @Test
  void otherMethods_areRefused() throws Exception {
    start();
    for (String path : List.of("/", "/page.css", "/services.json", "/server.json")) {
      for (String method : List.of("PUT", "DELETE", "OPTIONS", "PATCH", "POST")) {
        Answer answer = ask(method + " " + path, HOST, "content-length: 0");

        assertThat(answer.status()).as(method).isEqualTo(405);
        assertThat(answer.header("allow")).isEqualTo("GET, HEAD");
      }
    }
    Answer call = ask("POST /", HOST, "content-type: application/json", "content-length: 0");
    assertThat(call.status()).as("a call of an unknown method").isEqualTo(501);
    assertThat(call.body()).contains("unimplemented");
    assertThat(ask("GET /", HOST, "expect: something").status()).isEqualTo(417);
  }

  /** A GET needs no body; one that has it does not disturb what follows. */
  @Test
  void body_isDropped() throws Exception {
    start();
    try (RawHttp client = new RawHttp(server.port())) {
      for (int i = 0; i < 3; i++) {
        client.send("GET /page.css HTTP/1.1\r\n" + HOST + "\r\ncontent-length: 5\r\n\r\nGET /");
        assertThat(client.answer().body()).isEqualTo(resource("/page.css"));
      }
      client.send("GET /page.css HTTP/1.1\r\n" + HOST + "\r\n\r\n");
      client.send("GET /dom.js HTTP/1.1\r\n" + HOST + "\r\n\r\n");
      assertThat(client.answer().body()).as("pipelined").isEqualTo(resource("/page.css"));
      assertThat(client.answer().body()).isEqualTo(resource("/dom.js"));
    }
  }

  /** A connection may hold a quarter of it, and each request holds 8 KiB until it is answered. */
  @Test
  void memory_ofARequest_isReleased() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("memoryMegabytes", 16)));
    try (RawHttp client = new RawHttp(server.port())) {
      for (int i = 0; i < 1_000; i++) {
        assertThat(ask(client, "GET /page.css", HOST).status()).isEqualTo(200);
      }
    }
    HttpClient http2 = HttpClient.newHttpClient();
    for (int i = 0; i < 1_000; i++) {
      assertThat(get(http2, "http://127.0.0.1:" + server.port() + "/page.css").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void otherNames_andOtherPages_areRefused() throws Exception {
    start(web("origins", new JsonArray().add("https://app.example.com")));
    for (String path : List.of("/", "/page.js", "/services.json", "/server.json")) {
      Answer rebound = ask("GET " + path, "host: evil.test");
      assertThat(rebound.status()).isEqualTo(421);
      assertThat(rebound.body()).contains("\"allowedHosts\"").doesNotContain("health", "<");
      assertThat(ask("GET " + path).status()).as("no Host").isEqualTo(400);

      // A page that may call does not need the server's own page, and what it knows.
      for (String origin : List.of("https://evil.test", "null", "https://app.example.com")) {
        Answer answer = ask("GET " + path, HOST, "origin: " + origin);
        assertThat(answer.status()).as(origin).isEqualTo(403);
        assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
      }
      String own = "origin: http://localhost:" + server.port();
      assertThat(ask("GET " + path, "host: localhost:" + server.port(), own).status())
          .isEqualTo(200);
    }
  }

  @Test
  void http2_hasThePageToo() throws Exception {
    start();
    for (Version version : Version.values()) {
      HttpClient client = HttpClient.newBuilder().version(version).build();
      for (String path : List.of("/", "/page.css", "/page.js", "/services.json", "/server.json")) {
        HttpResponse<String> answer = get(client, "http://127.0.0.1:" + server.port() + path);

        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().map()).containsKeys(SAFE.keySet().toArray(String[]::new));
        if (FILES.containsKey(path)) {
          assertThat(answer.body()).isEqualTo(resource(path));
        }
      }
    }
  }

  @Test
  void switchedOff_nothingOfThePageIsThere() throws Exception {
    start(web("page", false));
    for (String path : List.of("/", "/page.css", "/page.js", "/services.json", "/server.json")) {
      Answer answer = ask("GET " + path, HOST);
      assertThat(answer.status()).isEqualTo(405);
      assertThat(answer.header("allow")).isEqualTo("POST");
      assertThat(answer.body()).contains("This server speaks gRPC");
    }
  }

  @Test
  void managementPort_hasNoPage() throws Exception {
    start(new JsonObject().put("management", new JsonObject().put("port", 0)));
    try (RawHttp client = new RawHttp(server.managementPort())) {
      assertThat(ask(client, "GET /", HOST).status()).isEqualTo(404);
      assertThat(ask(client, "GET /server.json", HOST).status()).isEqualTo(404);
    }
  }

  @Test
  void services_areThoseOfTheDescriptors() throws Exception {
    start(new JsonObject().put("limits", new JsonObject().put("messageBytes", 50_000)));
    Answer answer = ask("GET /services.json", HOST);
    assertThat(answer.headers())
        .containsAllEntriesOf(SAFE)
        .containsEntry("content-type", "application/json")
        .containsEntry("cache-control", "no-store");
    JsonObject json = new JsonObject(answer.body());

    Map<String, JsonObject> services = byName(json.getJsonArray("services"));
    assertThat(services.keySet())
        .containsExactlyInAnyOrder(
            "users.v1.UserService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection");
    Map<String, JsonObject> methods =
        byName(services.get("users.v1.UserService").getJsonArray("methods"));
    List<MethodDescriptor> expected = UserServiceGrpcService.SERVICE_DESCRIPTOR.getMethods();
    assertThat(methods).hasSameSizeAs(expected);
    for (MethodDescriptor method : expected) {
      JsonObject described = methods.get(method.getName());
      assertThat(described.getString("path"))
          .isEqualTo("/users.v1.UserService/" + method.getName());
      assertThat(described.getString("input")).isEqualTo(method.getInputType().getFullName());
      assertThat(described.getInteger("max_message_bytes")).isEqualTo(50_000);
      assertThat(described.getString("comment")).isNotEmpty().doesNotContain("//");
      assertFields(json, method.getInputType().getFields(), described.getString("input"));
      assertFields(json, method.getOutputType().getFields(), described.getString("output"));
    }
    assertThat(methods.get("GetUser").getString("comment"))
        .startsWith("Unary: one request, one response. The user with an id.\n\n")
        .contains("NOT_FOUND         no user has this id");
    assertThat(methods.get("StreamUsers").getString("kind")).isEqualTo("bidirectional");
    assertThat(
            byName(services.get("grpc.health.v1.Health").getJsonArray("methods"))
                .get("Check")
                .getInteger("max_message_bytes"))
        .as("a smaller limit of the service")
        .isEqualTo(4_096);
  }

  private static void assertFields(JsonObject json, List<FieldDescriptor> fields, String message) {
    assertThat(
            byName(json.getJsonObject("messages").getJsonObject(message).getJsonArray("fields"))
                .keySet())
        .containsExactlyInAnyOrderElementsOf(
            fields.stream().map(FieldDescriptor::getName).toList());
  }

  private static Map<String, JsonObject> byName(JsonArray described) {
    return IntStream.range(0, described.size())
        .mapToObj(described::getJsonObject)
        .collect(
            Collectors.toMap(
                json -> json.getString("name"), json -> json, (a, b) -> a, TreeMap::new));
  }

  @Test
  void services_withoutReflection_areHidden() throws Exception {
    start(new JsonObject().put("reflection", false));
    Answer answer = ask("GET /services.json", HOST);

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.headers()).containsAllEntriesOf(SAFE);
    assertThat(new JsonObject(answer.body()).getString("message"))
        .contains("\"reflection\": false");
    assertThat(ask("GET /", HOST).status()).isEqualTo(200);
  }

  @Test
  void facts_ofAnOpenServer() throws Exception {
    start(web("socket", false));
    try (RawHttp watcher = new RawHttp(server.port())) {
      JsonObject facts = facts();
      assertThat(facts.fieldNames())
          .containsExactlyInAnyOrder(
              "instance", "version", "store", "started", "open_calls", "health", "auth", "socket");
      assertThat(facts.getString("instance")).isEqualTo("127.0.0.1:" + server.port());
      assertThat(facts.getString("version")).isNotEmpty();
      assertThat(facts.getString("store")).isEqualTo("memory");
      assertThat(facts.getString("health")).isEqualTo("SERVING");
      assertThat(facts.getInteger("open_calls")).isZero();
      assertThat(facts.getBoolean("auth")).isFalse();
      assertThat(facts.getBoolean("socket")).isFalse();
      assertThat(Instant.parse(facts.getString("started")))
          .isBetween(Instant.now().minusSeconds(Waits.TEST_SECONDS), Instant.now());

      String body = "\0\0\0\0\0";
      watcher.send(
          "POST /grpc.health.v1.Health/Watch HTTP/1.1\r\nhost: localhost\r\n"
              + "content-type: application/grpc-web\r\ncontent-length: 5\r\n\r\n"
              + body);
      watcher.head();
      Waits.until("an open call", () -> openCalls() == 1);
    }
    Waits.until("its end", () -> openCalls() == 0);
  }

  private int openCalls() {
    try {
      return facts().getInteger("open_calls");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private JsonObject facts() throws Exception {
    Answer answer = ask("GET /server.json", HOST);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers())
        .containsAllEntriesOf(SAFE)
        .containsEntry("content-type", "application/json")
        .containsEntry("cache-control", "no-store");
    return new JsonObject(answer.body());
  }

  @Test
  void facts_ofOtherStores() throws Exception {
    start(StoreConfigs.sqlite(folder));
    assertThat(facts().getString("store")).isEqualTo("sqlite");
    assertThat(facts().containsKey("members")).isFalse();
    server.close();

    JsonObject raft = StoreConfigs.raft(folder);
    start(raft);
    assertThat(facts().getString("store")).isEqualTo("raft");
    assertThat(facts().getJsonArray("members"))
        .isEqualTo(raft.getJsonObject("store").getJsonObject("raft").getJsonArray("servers"));
  }

  @Test
  void facts_withTokens_areFew() throws Exception {
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("all"));
    start(new JsonObject().put("auth", Issuer.make().auth(folder, rights)));

    assertThat(facts())
        .isEqualTo(new JsonObject().put("health", "SERVING").put("auth", true).put("socket", true));
  }

  @Test
  void certificates_ofCallers_areNeededForThePage() throws Exception {
    Certificate authority = Certificate.authority(folder, "authority");
    start(
        new JsonObject()
            .put(
                "tls",
                authority
                    .forServer("server")
                    .pem()
                    .put("clientCaFile", authority.certificate().toString())));
    String uri = "https://127.0.0.1:" + server.port();

    for (Version version : Version.values()) {
      HttpClient known =
          HttpClient.newBuilder()
              .version(version)
              .sslContext(context(authority, authority.forClient("caller")))
              .build();
      HttpResponse<String> page = get(known, uri + "/");
      assertThat(page.version()).isEqualTo(version);
      assertThat(page.body()).isEqualTo(resource("/"));
      assertThat(new JsonObject(get(known, uri + "/server.json").body()))
          .isEqualTo(
              new JsonObject().put("health", "SERVING").put("auth", false).put("socket", true));
    }
    HttpClient unknown = HttpClient.newBuilder().sslContext(context(authority, null)).build();
    assertThatThrownBy(() -> get(unknown, uri + "/")).isInstanceOf(IOException.class);
  }

  private SSLContext context(Certificate authority, Certificate own) throws Exception {
    char[] password = "changeit".toCharArray();
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("authority", authority.bundle().getCertificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    KeyStore mine = KeyStore.getInstance("PKCS12");
    mine.load(null, null);
    if (own != null) {
      try (var file = Files.newInputStream(own.pkcs12("changeit"))) {
        mine.load(file, password);
      }
    }
    keys.init(mine, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static HttpResponse<String> get(HttpClient client, String uri) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(Waits.SECONDS)).build(),
        BodyHandlers.ofString());
  }
}
