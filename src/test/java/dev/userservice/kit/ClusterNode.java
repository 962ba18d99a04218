package dev.userservice.kit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One of several servers, in a JVM of its own: of a cluster where its configuration has one. */
public final class ClusterNode implements AutoCloseable {

  private final JavaProcess program;
  private final ManagedChannel channel;
  private final int port;
  private final String size;
  private long logged;

  private ClusterNode(JavaProcess program) throws IOException {
    this.program = program;
    List<String> lines = program.startLines();
    port = JavaProcess.port(lines);
    size = lines.stream().filter(line -> line.startsWith("Cluster: ")).findFirst().orElse("");
    channel = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }

  /** Starts one, and waits until it serves. */
  public static ClusterNode start(Path folder, JsonObject config) throws IOException {
    return start(folder, config, 1).get(0);
  }

  /** The same, with variables of its own. */
  public static ClusterNode start(Path folder, JsonObject config, Map<String, String> env)
      throws IOException {
    return new ClusterNode(program(folder, config, env));
  }

  /** Starts some at once, for servers that serve only together, and waits until they do. */
  public static List<ClusterNode> start(Path folder, JsonObject config, int count)
      throws IOException {
    List<JavaProcess> programs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      programs.add(program(folder, config, Map.of()));
    }
    List<ClusterNode> nodes = new ArrayList<>();
    for (JavaProcess program : programs) {
      nodes.add(new ClusterNode(program));
    }
    return nodes;
  }

  private static JavaProcess program(Path folder, JsonObject config, Map<String, String> env)
      throws IOException {
    List<String> command = new ArrayList<>();
    if (config.containsKey("cluster")) {
      command.add("--cluster");
    }
    command.add("--conf");
    command.add(new JsonObject().put("port", 0).mergeIn(config).encode());
    return JavaProcess.start(folder, env, List.of(), command.toArray(String[]::new));
  }

  /** The configuration of a cluster without other members. */
  public static JsonObject cluster() {
    int port = FreePorts.ofCluster();
    return new JsonObject()
        .put(
            "cluster",
            new JsonObject()
                .put("port", port)
                .put("members", new JsonArray().add("127.0.0.1:" + port)));
  }

  /** The configuration of so many servers that keep the users in a log. */
  public static JsonObject raft(Path folder, int servers) {
    return new JsonObject()
        .put("sampleUsers", false)
        .put("store", RaftConfigs.store(RaftConfigs.servers(servers), folder.resolve("raft")));
  }

  /** The line about its cluster when it starts. */
  public String size() {
    return size;
  }

  public int port() {
    return port;
  }

  public UserServiceBlockingStub blocking() {
    return UserServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS);
  }

  public UserServiceStub async() {
    return UserServiceGrpc.newStub(channel);
  }

  /** The same, as a caller of a trace. */
  public UserServiceStub async(Metadata context) {
    return async().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(context));
  }

  public ChatCaller joins() throws InterruptedException {
    ChatCaller caller = new ChatCaller(async());
    caller.joins();
    return caller;
  }

  public void signal(String name) throws IOException, InterruptedException {
    program.signal(name);
  }

  /** As an operator does. */
  public void stops() throws IOException, InterruptedException {
    signal("TERM");
    assertThat(program.exitCode()).as(program::errors).isZero();
    channel.shutdownNow();
  }

  public long pid() {
    return program.process().pid();
  }

  public boolean isRunning() {
    return program.process().isAlive();
  }

  /** As its log says; a server that had to say nothing serves. */
  public boolean serves() {
    String log = program.errors();
    return log.lastIndexOf("health says SERVING") >= log.lastIndexOf("health says NOT_SERVING");
  }

  /** Of the replicated log, as its own log says last. */
  public boolean leads() {
    String log = program.errors();
    return log.lastIndexOf("this server leads the log") > log.lastIndexOf("the server at ");
  }

  /** Marks the end of the log: later lines are new. */
  public void markLog() throws IOException {
    logged = Files.size(program.stderr());
  }

  public String newLog() {
    try {
      byte[] all = Files.readAllBytes(program.stderr());
      return new String(all, (int) logged, all.length - (int) logged, StandardCharsets.UTF_8)
          .strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until something new is logged that says this. */
  public void awaitNewLog(String text) throws Exception {
    program.awaitErrors(logged, text);
  }

  /** As kill -9 does. */
  @Override
  public void close() throws InterruptedException {
    program.kill();
    channel.shutdownNow().awaitTermination(Waits.SECONDS, TimeUnit.SECONDS);
  }
}
