package dev.userservice.kit;

import dev.userservice.UserVerticle;
import dev.userservice.operations.Metrics;
import dev.userservice.operations.Started;
import dev.userservice.operations.Version;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContext;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** The real verticle on a free port of the loopback address, and grpc-java channels to it. */
public final class RunningServer implements AutoCloseable {

  private final Vertx vertx;
  private final List<UserVerticle> verticles = new CopyOnWriteArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final int port;

  private RunningServer(int instances, JsonObject config) {
    vertx = config.containsKey("management") ? measured() : Vertx.vertx();
    vertx
        .deployVerticle(
            () -> {
              UserVerticle verticle = new UserVerticle();
              verticles.add(verticle);
              return verticle;
            },
            new DeploymentOptions()
                .setInstances(instances)
                .setConfig(new JsonObject().put("port", 0).mergeIn(config)))
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
    port = Started.of(vertx).port();
  }

  private static Vertx measured() {
    Metrics metrics = new Metrics(Version.ofProgram());
    Vertx vertx = metrics.of(Vertx.builder(), new VertxOptions()).build();
    Started.of(vertx).measuredBy(metrics);
    return vertx;
  }

  public static RunningServer start() {
    return start(1, new JsonObject());
  }

  public static RunningServer start(int instances, JsonObject config) {
    return new RunningServer(instances, config);
  }

  /** Calls that are not over, and chat members, of all instances. */
  public int openCallsAndMembers() {
    return verticles.stream().mapToInt(v -> v.openCalls() + v.chatMembers()).sum();
  }

  /** Connections of all instances. */
  public int openConnections() {
    return verticles.get(0).openConnections();
  }

  public Vertx vertx() {
    return vertx;
  }

  public int port() {
    return port;
  }

  /** The port for operators. */
  public int managementPort() {
    return Started.of(vertx).managementPort();
  }

  /** A new connection of its own; closed with the server. */
  public ManagedChannel channel() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    channels.add(channel);
    return channel;
  }

  /** As {@link #channel()}, over TLS. */
  public ManagedChannel channel(SslContext tls) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).sslContext(tls).build();
    channels.add(channel);
    return channel;
  }

  /** Calls that block, each for at most ten seconds. */
  public UserServiceGrpc.UserServiceBlockingStub blocking() {
    return UserServiceGrpc.newBlockingStub(channel())
        .withInterceptors(new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS));
  }

  /** Calls that call back, over a connection of their own. */
  public UserServiceGrpc.UserServiceStub async() {
    return UserServiceGrpc.newStub(channel())
        .withInterceptors(new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS));
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }
}
