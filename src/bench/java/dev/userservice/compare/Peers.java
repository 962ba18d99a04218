package dev.userservice.compare;

import dev.userservice.compare.Peer.Launch;
import dev.userservice.compare.Peer.Protocol;
import dev.userservice.kit.Issuer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The servers that are compared, and how each is started. */
final class Peers {

  /** As they stand in the table. */
  static final List<String> ORDER =
      List.of(
          Peer.OURS,
          "user-service-again",
          "user-service-token",
          "user-service-json",
          "user-service-json-http1",
          "user-service-raft",
          "user-service-postgres",
          "grpc-java-direct",
          "grpc-java-checked",
          "grpc-java",
          "grpc-java-token",
          "vertx-grpc",
          "vertx-grpcio",
          "go",
          "cpp",
          "node",
          "python",
          "python-aio",
          "rest",
          "rest-http1",
          "floor",
          "nghttpd");

  private static final Path BUILT = Path.of("target", "bench");
  private static final int MESSAGE_BYTES = 1 << 20;
  private static final long TOKEN_SECONDS = 86_400;
  private static final Set<String> CREATING =
      Load.ALL.stream()
          .filter(load -> load.group() == Load.Group.WRITES)
          .map(Load::name)
          .collect(Collectors.toSet());
  private static final Set<String> WITH_TOKEN = Set.of("get-1", "get-32", "get-256", "list-1k");
  static final String JAR = "target/user-service.jar";
  private static final String PACKAGE = "dev.userservice.compare.";

  private final String classPath = System.getProperty("java.class.path");
  private final Path scratch;

  /**
   * @param scratch for what a peer needs to be there
   */
  Peers(Path scratch) {
    this.scratch = scratch;
  }

  List<Peer> all() throws Exception {
    Peer ours = ours(Peer.OURS, "**user-service**");
    Peer rest = java("rest", "vertx-web, REST with JSON", Protocol.REST, "RestPeer");
    Issuer issuer = Issuer.make();
    return List.of(
        ours,
        // Their difference is the noise of the measurement.
        ours("user-service-again", "user-service, once more"),
        withToken(issuer, oursWithTokens(issuer)),
        ours.called("user-service-json", "user-service, JSON", Protocol.JSON, false),
        ours.called(
            "user-service-json-http1", "user-service, JSON over HTTP/1.1", Protocol.JSON, true),
        OtherStores.raft(),
        OtherStores.postgres(),
        grpcJava("grpc-java-direct", "grpc-java, directExecutor", "direct"),
        grpcJava("grpc-java-checked", "grpc-java, directExecutor, users checked", "checked")
            .with(Map.of(), CREATING),
        grpcJava("grpc-java", "grpc-java", "pool"),
        withToken(
            issuer,
            grpcJava(
                "grpc-java-token",
                "grpc-java, directExecutor, a token checked",
                "direct:" + key(issuer))),
        java("vertx-grpc", "vertx-grpc-server, bare", Protocol.GRPC, "VertxPeer"),
        java("vertx-grpcio", "vertx-grpcio-server", Protocol.GRPC, "GrpcioPeer"),
        built("go", "grpc-go", false, BUILT.resolve("go/server").toString()),
        built("cpp", "gRPC C++", false, BUILT.resolve("cpp/server").toString()),
        built("node", "Node, grpc-js", true, "node", BUILT.resolve("node/server.js").toString()),
        built(
            "python",
            "Python, grpcio",
            false,
            "/usr/bin/python3",
            BUILT.resolve("python/server.py").toString()),
        built(
            "python-aio",
            "Python, grpc.aio",
            false,
            "/usr/bin/python3",
            BUILT.resolve("python/server_aio.py").toString()),
        rest,
        rest.called(
            "rest-http1", "vertx-web, REST with JSON over HTTP/1.1", Protocol.REST, true),
        java("floor", "plain Vert.x HTTP/2, the floor", Protocol.BYTES, "FloorPeer"),
        nghttpd());
  }

  /** Ours, as its jar is started by anybody. */
  static List<String> oursWith(Launch launch, JsonObject config, String... more) {
    config.put("port", launch.port()).put("sampleUsers", true);
    if (launch.certificate() != null) {
      config.put(
          "tls",
          new JsonObject()
              .put("certificateFile", launch.certificate().toString())
              .put("keyFile", launch.key().toString()));
    }
    List<String> line = new ArrayList<>(List.of("java", heap(launch), "-jar", JAR));
    line.add("dev.userservice.UserVerticle");
    line.addAll(List.of("--conf", config.encode()));
    line.addAll(List.of(more));
    return line;
  }

  private static Peer ours(String name, String label) {
    // The message of get-64k is a little larger than the default allows.
    JsonObject limits = new JsonObject().put("messageBytes", MESSAGE_BYTES);
    return ours(name, label, new JsonObject().put("limits", limits));
  }

  private static Peer ours(String name, String label, JsonObject config) {
    return new Peer(
        name,
        label,
        Protocol.GRPC,
        true,
        true,
        Set.of(),
        "",
        false,
        Map.of(),
        launch -> List.of(oursWith(launch, config.copy())));
  }

  private Peer oursWithTokens(Issuer issuer) throws Exception {
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("*"));
    return ours(
        "user-service-token",
        "user-service, a token checked",
        new JsonObject().put("auth", issuer.auth(scratch, rights)));
  }

  private static Peer withToken(Issuer issuer, Peer peer) {
    String token =
        issuer.token(claims -> claims.put("exp", claims.getLong("iat") + TOKEN_SECONDS));
    return peer.with(Map.of("authorization", "Bearer " + token), WITH_TOKEN);
  }

  /** The file of the public key. */
  private Path key(Issuer issuer) throws IOException {
    return Files.writeString(scratch.resolve("peer.pem"), issuer.pem());
  }

  private Peer java(String name, String label, Protocol protocol, String program) {
    return java(name, label, protocol, "", classPath, program);
  }

  /** With grpc-netty-shaded, as its users run it: native transport, and no jar of the tests. */
  private static Peer grpcJava(String name, String label, String executor) {
    String missing =
        grpcJavaJars().isEmpty() ? "needs target/bench/grpc-java.path, which run.sh writes" : "";
    return java(name, label, Protocol.GRPC, missing, grpcJavaClassPath(), "GrpcJavaPeer " + executor);
  }

  /** Of a program on grpc-java: our classes, and its jars. */
  static String grpcJavaClassPath() {
    return String.join(File.pathSeparator, "target/test-classes", "target/classes", grpcJavaJars());
  }

  /** Its class path; empty when run.sh has not written it. */
  static String grpcJavaJars() {
    try {
      return Files.readString(BUILT.resolve("grpc-java.path")).strip();
    } catch (IOException absent) {
      return "";
    }
  }

  private static Peer java(
      String name,
      String label,
      Protocol protocol,
      String missing,
      String classPath,
      String program) {
    return new Peer(
        name,
        label,
        protocol,
        true,
        true,
        Set.of(),
        missing,
        false,
        Map.of(),
        launch -> {
          List<String> line = new ArrayList<>(List.of("java", heap(launch), "-cp", classPath));
          line.addAll(List.of((PACKAGE + program).split(" ")));
          line.addAll(arguments(launch));
          return List.of(line);
        });
  }

  /** A peer that run.sh has built, if the tool chain was there. */
  private static Peer built(String name, String label, boolean warmsUp, String... program) {
    String file = program[program.length - 1];
    return new Peer(
        name,
        label,
        Protocol.GRPC,
        warmsUp,
        false,
        Set.of(),
        Files.exists(Path.of(file)) ? "" : "was not built: run.sh says what it takes",
        false,
        Map.of(),
        launch ->
            List.of(
                Stream.concat(Stream.of(program), Stream.of(Integer.toString(launch.port())))
                    .toList()));
  }

  /** The HTTP/2 server of nghttp2 over a file with the answer. */
  private Peer nghttpd() {
    return new Peer(
        "nghttpd",
        "nghttpd, a file",
        Protocol.BYTES,
        false,
        true,
        Set.of(),
        isOnPath("nghttpd") ? "" : "is not installed: run.sh says what it takes",
        false,
        Map.of(),
        launch -> {
          Request get = Request.getUser();
          Path file = scratch.resolve("htdocs" + get.path());
          Files.createDirectories(file.getParent());
          Buffer answer = Frames.of(new PeerUsers().get(1));
          Files.write(file, answer.getBytes());
          List<String> line = new ArrayList<>(List.of("nghttpd", "-a", "127.0.0.1"));
          line.addAll(List.of("-n", Integer.toString(Runtime.getRuntime().availableProcessors())));
          line.addAll(List.of("-d", scratch.resolve("htdocs").toString()));
          line.addAll(List.of("--trailer", "grpc-status: 0"));
          line.add(Integer.toString(launch.port()));
          if (launch.certificate() == null) {
            line.add(1, "--no-tls");
          } else {
            line.addAll(List.of(launch.key().toString(), launch.certificate().toString()));
          }
          return List.of(line);
        });
  }

  private static List<String> arguments(Launch launch) {
    List<String> arguments = new ArrayList<>(List.of(Integer.toString(launch.port())));
    if (launch.certificate() != null) {
      arguments.addAll(List.of(launch.certificate().toString(), launch.key().toString()));
    }
    return arguments;
  }

  private static String heap(Launch launch) {
    return "-Xmx" + launch.heapMegabytes() + "m";
  }

  private static boolean isOnPath(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
