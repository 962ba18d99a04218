package dev.userservice;

import dev.userservice.config.ServerConfig;
import dev.userservice.operations.Health;
import dev.userservice.operations.Tracing;
import dev.userservice.proto.UserServiceGrpcService;
import dev.userservice.rpc.RpcServer;
import dev.userservice.server.Admission;
import dev.userservice.server.CallerPort;
import dev.userservice.server.Monitor;
import dev.userservice.server.Observation;
import dev.userservice.server.OperationsRpcs;
import dev.userservice.server.Readiness;
import dev.userservice.server.SharedParts;
import dev.userservice.server.StatusTable;
import dev.userservice.server.UserServiceRpcs;
import dev.userservice.user.ChatCorner;
import dev.userservice.user.Users;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Clock;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Serves {@code users.v1.UserService}. Starts in the order store, rules, wire, socket; stops in the
 * opposite order, without failing a call that it can finish. Its configuration is a {@link
 * ServerConfig}.
 *
 * <p>Each instance has its own event loop. All instances of a deployment listen on the same port,
 * and share one store and one chat room.
 */
public final class UserVerticle extends VerticleBase {

  /** The time to send the last statuses after the drain timeout. */
  private static final int LAST_STATUS_MILLIS = 500;

  /** The max time in which a store closes. */
  private static final int CLOSE_MILLIS = 10_000;

  private ServerConfig config;
  private Set<String> methods;
  private SharedParts shared;
  private ChatCorner chat;
  private Health health;
  private Readiness readiness;
  private RpcServer rpc;
  private CallerPort port;

  @Override
  public Future<?> start() {
    config = ServerConfig.from(config());
    // Not on the event loop: loading the classes of a store takes seconds on a busy machine.
    return vertx.executeBlocking(this::join).compose(this::start);
  }

  private SharedParts join() {
    methods = OperationsRpcs.allMethods();
    config.checkMethods(methods);
    return SharedParts.join(vertx, deploymentID(), config, UserVerticle::new);
  }

  private Future<Void> start(SharedParts joined) {
    shared = joined;
    health = new Health(Set.of(UserServiceGrpcService.SERVICE_NAME.fullyQualifiedName()));
    readiness = new Readiness(vertx, shared, health);
    return shared
        .guarded()
        .compose(guarded -> shared.monitored())
        .compose(monitored -> shared.openingTried())
        .compose(tried -> shared.chatOpen())
        .compose(open -> shared.warm())
        .compose(warm -> listen())
        .compose(listening -> serveWhenOpen())
        .recover(failure -> leave().transform(left -> Future.failedFuture(failure)));
  }

  private Future<Void> listen() {
    Users users = new Users(shared.store(), config.limits().batchUsers(), Clock.systemUTC());
    chat = shared.chatRoom().open(context);
    rpc = rpcServer();
    UserServiceRpcs.bind(rpc, users, chat);
    OperationsRpcs.bindHealth(rpc, health);
    if (config.reflection()) {
      OperationsRpcs.bindReflection(rpc);
    }
    shared.pages().ifPresent(pages -> pages.answerOn(rpc, health));
    port = new CallerPort(vertx, config, shared, rpc);
    return port.listen();
  }

  private RpcServer rpcServer() {
    RpcServer server =
        new RpcServer(
                vertx,
                StatusTable.ERROR_DOMAIN,
                config.limits().messageBytes(),
                config.limits().requestMillis(),
                config.compression().equals("gzip"),
                StatusTable::of)
            .onlyFor(config.answeredHosts())
            .alsoForPagesOf(config.web().origins());
    if (config.web().socket()) {
      server.alsoOverSockets();
    }
    server.intercept(
        new Observation(config, shared.monitor().map(Monitor::calls), Tracing.of(vertx), methods));
    if (config.auth().isOn() || config.rateLimit().isOn() || config.tls().isMutual()) {
      server.intercept(new Admission(config, shared.guard(), methods));
    }
    return server;
  }

  /** With a start timeout of 0, the verticle starts without its store. */
  private Future<Void> serveWhenOpen() {
    Future<Void> serving = shared.open().onSuccess(open -> readiness.opened());
    return config.store().startTimeoutMillis() > 0 || shared.isOpen()
        ? serving
        : Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    readiness.stopping();
    return delay(config.drainDelayMillis())
        .compose(delayed -> drain())
        .eventually(this::leave)
        .eventually(() -> shared.closed().timeout(othersMillis(), TimeUnit.MILLISECONDS));
  }

  /** Refuses new connections and calls; ends endless calls now, and the others at the timeout. */
  private Future<Void> drain() {
    int millis = config.drainTimeoutMillis();
    Future<Void> closed = port.shutdown((long) millis + LAST_STATUS_MILLIS);
    chat.close();
    rpc.endEndlessCalls(OperationsRpcs.SHUTTING_DOWN);
    long timeUp =
        vertx.setTimer(Math.max(1, millis), late -> rpc.endAllCalls(OperationsRpcs.SHUTTING_DOWN));
    return closed.onComplete(end -> vertx.cancelTimer(timeUp));
  }

  private Future<Void> leave() {
    if (chat != null) {
      chat.close();
    }
    return shared.leave(vertx, deploymentID());
  }

  /**
   * The time in which the other instances stop, and the last of them closes the store. Vert.x does
   * not stop all of them when it is closed at the moment at which they start.
   */
  private int othersMillis() {
    return config.drainDelayMillis() + config.drainTimeoutMillis() + CLOSE_MILLIS;
  }

  private Future<Void> delay(int millis) {
    return millis == 0
        ? Future.succeededFuture()
        : vertx.timer(millis, TimeUnit.MILLISECONDS).mapEmpty();
  }

  /** The open calls of this instance. */
  public int openCalls() {
    return rpc.openCalls();
  }

  /** The chat members of this instance. */
  public int chatMembers() {
    return chat.members();
  }

  /** The open connections of all instances. */
  public int openConnections() {
    return shared.connections().counts().open();
  }
}
