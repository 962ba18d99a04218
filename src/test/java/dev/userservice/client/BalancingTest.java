package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.userservice.config.Address;
import dev.userservice.config.ClientConfig;
import dev.userservice.kit.Demo;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc.UserServiceImplBase;
import dev.userservice.proto.UserServiceGrpcClient;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.common.GrpcStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls over several servers, some of which are unreachable. */
class BalancingTest {

  private static final GetUserRequest GET = GetUserRequest.newBuilder().setUserId(1).build();

  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final List<RunningServer> servers = new ArrayList<>();
  private final AtomicInteger refused = new AtomicInteger();
  private RuntimeException refusal = Status.UNAVAILABLE.asRuntimeException();
  private Server refusing;

  @AfterEach
  void stop() throws Exception {
    servers.forEach(RunningServer::close);
    if (refusing != null) {
      refusing.shutdownNow().awaitTermination();
    }
    vertx.close().await();
  }

  @Test
  void roundRobin_callsEachInTurn() {
    Channel channel = channel("round_robin", start(), start(), start());

    for (int i = 0; i < 3; i++) {
      get(channel);
    }
    assertThat(ports(channel)).containsExactlyInAnyOrderElementsOf(ports());
    assertThat(ports(channel)).as("since then").isEmpty();
  }

  @Test
  void leastRequest_avoidsBusyServers() {
    Channel channel = channel("least_request", start(), start());
    on(() -> channel.open(UserServiceGrpcClient.StreamUsers, 0));
    List<Integer> busy = ports(channel);

    for (int i = 0; i < 5; i++) {
      get(channel);
    }
    assertThat(busy).hasSize(1);
    assertThat(ports(channel)).hasSize(1).doesNotContainAnyElementsOf(busy);
  }

  @Test
  void pickFirst_callsTheFirst() {
    int first = start();
    Channel channel = channel("pick_first", first, start());

    for (int i = 0; i < 5; i++) {
      get(channel);
    }
    assertThat(ports(channel)).containsExactly(first);
  }

  @Test
  void serverThatStops_isAvoidedUntilItIsBack() {
    int first = start();
    int second = start();
    Channel channel = channel("round_robin", first, second);
    get(channel);
    get(channel);
    ports(channel);

    servers.remove(0).close();
    for (int i = 0; i < 20; i++) {
      get(channel);
    }
    assertThat(ports(channel)).containsExactly(second);

    servers.add(RunningServer.start(1, new JsonObject().put("port", first)));
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    List<Integer> called = List.of();
    while (!called.contains(first)) {
      assertThat(System.nanoTime() - giveUp).as("it is called again").isNegative();
      get(channel);
      called = ports(channel);
    }
  }

  @Test
  void read_isRetriedOnAnotherServer_butACreateIsNot() throws Exception {
    int bad = startRefusing();
    Channel channel = channel("pick_first", bad, start());
    get(channel);
    assertThat(refused).as("called there first").hasValue(1);

    Channel creating = channel("pick_first", bad, servers.get(0).port());
    CreateUserRequest create =
        CreateUserRequest.newBuilder().setName("Ada").setEmail("ada@example.com").build();
    CallException failure = failure(() -> creating.ask(UserServiceGrpcClient.CreateUser, create));
    assertThat(failure.status()).isEqualTo(GrpcStatus.UNAVAILABLE);
    assertThat(refused).as("and no retry").hasValue(2);
  }

  @Test
  void create_thatChangedNothing_isRetriedOnAnotherServer() throws Exception {
    refusal =
        StatusProto.toStatusRuntimeException(
            com.google.rpc.Status.newBuilder()
                .setCode(Code.UNAVAILABLE_VALUE)
                .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("STORE_UNAVAILABLE").build()))
                .build());
    Channel channel = channel("pick_first", startRefusing(), start());
    CreateUserRequest create =
        CreateUserRequest.newBuilder().setName("Ada").setEmail("ada@example.com").build();
    assertThat(on(() -> channel.ask(UserServiceGrpcClient.CreateUser, create))).hasSize(1);
    assertThat(refused).hasValue(1);
  }

  @Test
  void allServersUnreachable_failsAfterTheMaxAttempts() throws Exception {
    Channel channel = channel("round_robin", startRefusing());

    CallException failure = failure(() -> channel.read(UserServiceGrpcClient.GetUser, GET));
    assertThat(failure.status()).isEqualTo(GrpcStatus.UNAVAILABLE);
    assertThat(refused).hasValue(4);
  }

  @Test
  void allServersCloseConnections_failsAfterTheMaxAttempts() throws Exception {
    AtomicInteger connections = new AtomicInteger();
    try (ServerSocket rude = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      Thread hangsUp = new Thread(() -> closeEach(rude, connections));
      hangsUp.start();
      Channel channel = channel("round_robin", rude.getLocalPort());

      CallException failure = failure(() -> channel.read(UserServiceGrpcClient.GetUser, GET));
      assertThat(failure.status()).isEqualTo(GrpcStatus.UNAVAILABLE);
      rude.close();
      hangsUp.join();
    }
    assertThat(connections).as("the search for a server, and the attempts").hasValue(1 + 4);
  }

  private static void closeEach(ServerSocket server, AtomicInteger connections) {
    try {
      while (true) {
        server.accept().close();
        connections.incrementAndGet();
      }
    } catch (IOException closed) {
      // The test has ended.
    }
  }

  /**
   * The server listens on one loopback address; nothing listens on the other one of "localhost".
   */
  @Test
  void hostName_resolvesToAllAddresses() {
    int port = start();
    Channel channel = open("round_robin", new JsonArray().add("localhost:" + port));

    for (int i = 0; i < 5; i++) {
      get(channel);
    }
  }

  @Test
  void relay_overSeparateServers_isExplained() {
    assertThat(relay(start(), start()))
        .contains("127.0.0.1:" + servers.get(1).port() + " did not receive every message")
        .contains("are the servers in one cluster?");
  }

  @Test
  void relay_overOneServer_isExplained() {
    int alive = start();
    int dead = start();
    servers.remove(1).close();

    assertThat(relay(alive, dead))
        .isEqualTo(
            "scenario 1 (relay) failed: relay needs two or more reachable servers of one cluster, but found 1");
  }

  private String relay(int... ports) {
    JsonArray addresses = new JsonArray();
    for (int port : ports) {
      addresses.add("127.0.0.1:" + port);
    }
    return Demo.run(
            vertx,
            new JsonObject()
                .put("addresses", addresses)
                .put("scenarios", new JsonArray().add("relay"))
                .put("deadlineMillis", 2_000))
        .failure();
  }

  private int start() {
    RunningServer server = RunningServer.start(1, new JsonObject());
    servers.add(server);
    return server.port();
  }

  private int startRefusing() throws Exception {
    refusing =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(
                new UserServiceImplBase() {
                  @Override
                  public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
                    refuse(out);
                  }

                  @Override
                  public void createUser(
                      CreateUserRequest request, StreamObserver<UserResponse> out) {
                    refuse(out);
                  }
                })
            .build()
            .start();
    return refusing.getPort();
  }

  private void refuse(StreamObserver<UserResponse> out) {
    refused.incrementAndGet();
    out.onError(refusal);
  }

  private Channel channel(String policy, int... ports) {
    JsonArray addresses = new JsonArray();
    for (int port : ports) {
      addresses.add("127.0.0.1:" + port);
    }
    return open(policy, addresses);
  }

  private Channel open(String policy, JsonArray addresses) {
    ClientConfig config =
        ClientConfig.from(
            new JsonObject()
                .put("addresses", addresses)
                .put("balance", policy)
                .put("deadlineMillis", 10_000));
    return on(
        () -> {
          Channel channel = new Channel(vertx, config);
          return channel.findServer(Demo.noStatus()).map(channel);
        });
  }

  private void get(Channel channel) {
    List<UserResponse> users = on(() -> channel.read(UserServiceGrpcClient.GetUser, GET));
    assertThat(users).hasSize(1);
  }

  private CallException failure(Supplier<Future<List<UserResponse>>> call) {
    return on(
        () ->
            call.get()
                .transform(
                    end ->
                        end.failed() && end.cause() instanceof CallException failure
                            ? Future.succeededFuture(failure)
                            : Future.failedFuture("it did not fail as a call does: " + end)));
  }

  private List<Integer> ports() {
    return servers.stream().map(RunningServer::port).toList();
  }

  private static List<Integer> ports(Channel channel) {
    return channel.takeCalled().stream().map(Address::port).toList();
  }

  /** Runs on the event loop of the channel. */
  private <T> T on(Supplier<Future<T>> work) {
    return Future.<T>future(done -> loop.runOnContext(turn -> work.get().onComplete(done)))
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }
}
