package dev.userservice;

import dev.userservice.config.Limits;
import dev.userservice.config.ServerConfig;
import dev.userservice.operations.Health;
import dev.userservice.operations.Probes.Probe;
import dev.userservice.operations.Tracing;
import dev.userservice.proto.UserServiceGrpcService;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.HttpDoor;
import dev.userservice.rpc.RpcServer;
import dev.userservice.security.ServerTls;
import dev.userservice.server.Admission;
import dev.userservice.server.Monitor;
import dev.userservice.server.Observation;
import dev.userservice.server.OperationsRpcs;
import dev.userservice.server.SharedParts;
import dev.userservice.server.Started;
import dev.userservice.server.StatusTable;
import dev.userservice.server.UserServiceRpcs;
import dev.userservice.user.ChatCorner;
import dev.userservice.user.Users;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.tracing.TracingPolicy;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Serves {@code users.v1.UserService}: store, rules, wire, socket, in this order; and stops in the
 * opposite order, without failing a call that it can finish. Its configuration is a {@link
 * ServerConfig}.
 *
 * <p>Each instance has an event loop of its own. All instances of a deployment listen on the same
 * port, and share one store and one chat room.
 */
public final class UserVerticle extends VerticleBase {

  private static final long HEALTH_MILLIS = 1_000;

  /** What a caller may send ahead of being read: of one call, and of all calls of a connection. */
  private static final int STREAM_WINDOW_BYTES = 1 << 20;

  private static final int CONNECTION_WINDOW_BYTES = 4 << 20;

  private static final int RESET_WINDOW_SECONDS = 10;

  /** How long a connection whose caller is no longer trusted has for its last statuses. */
  private static final int REFUSED_MILLIS = 1_000;

  /** After the drain's time is up, what it takes to send the last statuses. */
  private static final int LAST_WORDS_MILLIS = 500;

  /** How long a store may take to close. */
  private static final int CLOSE_MILLIS = 10_000;

  private ServerConfig config;
  private Set<String> methods;
  private SharedParts shared;
  private ChatCorner chat;
  private Health health;
  private Optional<Probe> probe = Optional.empty();
  private RpcServer rpc;
  private HttpServer server;
  private boolean stopping;
  private boolean askingHealth;

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
    probe = shared.monitor().map(monitor -> monitor.probe(vertx));
    return here(shared.guarded())
        .compose(guarded -> here(shared.monitored()))
        .compose(guarded -> here(shared.opening().firstTry()))
        .compose(tried -> here(shared.chatOpen()))
        .compose(heard -> here(shared.warm()))
        .compose(warm -> listen())
        .compose(listening -> serveWhenOpen())
        .recover(failure -> leave().transform(left -> Future.failedFuture(failure)));
  }

  @Override
  public Future<?> stop() {
    stopping = true;
    serve(false);
    return delay(config.drainDelayMillis())
        .compose(delayed -> drain())
        .eventually(this::leave)
        .eventually(() -> here(shared.closed()).timeout(othersMillis(), TimeUnit.MILLISECONDS));
  }

  /**
   * How long the other instances may take to stop, and the last of them to close the store. Vert.x
   * does not stop all of them when it is closed at the moment at which they start.
   */
  private int othersMillis() {
    return config.drainDelayMillis() + config.drainTimeoutMillis() + CLOSE_MILLIS;
  }

  /** How many calls of this instance are not over. */
  int openCalls() {
    return rpc.openCalls();
  }

  /** How many chat members this instance has. */
  int chatMembers() {
    return chat.members();
  }

  /** How many connections all instances have together. */
  int openConnections() {
    return shared.connections().counts().open();
  }

  private Future<HttpServer> listen() {
    Users users = new Users(shared.store(), config.limits().batchUsers(), Clock.systemUTC());
    chat = shared.chatRoom().open(context);
    health = new Health(Set.of(UserServiceGrpcService.SERVICE_NAME.fullyQualifiedName()));
    rpc = rpcServer();
    UserServiceRpcs.bind(rpc, users, chat);
    OperationsRpcs.bindHealth(rpc, health);
    if (config.reflection()) {
      OperationsRpcs.bindReflection(rpc);
    }
    Connections connections =
        new Connections(vertx, bounds(), shared.connections(), this::endCalls);
    server =
        HttpDoor.create(vertx, httpOptions(), connections)
            .exceptionHandler(Connections::failed)
            .connectionHandler(
                connection -> {
                  connections.handle(connection);
                  shared.guard().tls().ifPresent(tls -> watch(tls, connection));
                })
            .invalidRequestHandler(this::turnAway)
            .requestHandler(rpc);
    // A negative port is any free one, but the same for all instances of this deployment.
    return server
        .listen(config.port() == 0 ? -1 : config.port(), config.host())
        .onSuccess(
            listening -> {
              shared.guard().tls().ifPresent(tls -> tls.serves(listening));
              Started.of(vertx).listensOn(listening.actualPort());
            });
  }

  /** Ends a connection when the certificate of its caller does. */
  private void watch(ServerTls tls, HttpConnection connection) {
    tls.connected(
        connection,
        refused -> {
          rpc.endCalls(connection, refused);
          connection.shutdown(REFUSED_MILLIS, TimeUnit.MILLISECONDS);
        });
    Connections.onClose(connection, () -> tls.disconnected(connection));
  }

  /** What begins neither as HTTP/2 nor as HTTP/1; for the most part it is TLS. */
  private void turnAway(HttpServerRequest request) {
    if (!request.isSSL()) {
      shared
          .rejectedPeers()
          .accept(
              String.valueOf(request.remoteAddress()),
              "speaks no HTTP; if it speaks TLS: this port is for plaintext");
    }
    rpc.refuseMalformed(request);
  }

  /** A server that may wait for ever for its store has started without. */
  private Future<Void> serveWhenOpen() {
    Future<Void> serving =
        here(shared.opening().opened())
            .onSuccess(
                open -> {
                  Started.of(vertx).becameReady();
                  serve(!stopping && shared.guard().isReady());
                  vertx.setPeriodic(HEALTH_MILLIS, turn -> askHealth());
                });
    return config.store().startTimeoutMillis() > 0 || serving.isComplete()
        ? serving
        : Future.succeededFuture();
  }

  /** Health says whether calls can be answered, until the server stops. */
  private void askHealth() {
    if (askingHealth || stopping) {
      return;
    }
    askingHealth = true;
    shared
        .isHealthy()
        .onSuccess(
            healthy -> {
              askingHealth = false;
              serve(healthy && !stopping);
            });
  }

  private void serve(boolean serving) {
    health.serving(serving);
    probe.ifPresent(there -> there.serving(serving));
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
            .onlyFor(config.answeredHosts());
    server.intercept(
        new Observation(config, shared.monitor().map(Monitor::calls), Tracing.of(vertx), methods));
    if (config.auth().isOn() || config.rateLimit().isOn() || config.tls().isMutual()) {
      server.intercept(new Admission(config, shared.guard(), methods));
    }
    return server;
  }

  private HttpServerOptions httpOptions() {
    Limits limits = config.limits();
    HttpServerOptions options =
        new HttpServerOptions()
            // It would call each call POST; Observation knows the method and the status.
            .setTracingPolicy(TracingPolicy.IGNORE)
            // Nothing here speaks WebSocket; the handler of its extensions would read all requests.
            .setPerFrameWebSocketCompressionSupported(false)
            .setPerMessageWebSocketCompressionSupported(false)
            .setInitialSettings(
                new Http2Settings()
                    .setMaxConcurrentStreams(limits.streamsPerConnection())
                    .setMaxHeaderListSize(limits.headerBytes())
                    .setInitialWindowSize(STREAM_WINDOW_BYTES))
            .setHttp2ConnectionWindowSize(CONNECTION_WINDOW_BYTES)
            .setHttp2RstFloodWindowDuration(RESET_WINDOW_SECONDS)
            .setHttp2RstFloodMaxRstFramePerWindow(limits.resetsPerSecond() * RESET_WINDOW_SECONDS);
    shared.guard().tls().ifPresent(tls -> tls.configure(options, shared.rejectedPeers()));
    if (limits.idleMillis() > 0) {
      // Over HTTP/1.1, and for peers that connect and then say nothing; HTTP/2 has timers of ours.
      options.setIdleTimeoutUnit(TimeUnit.MILLISECONDS).setIdleTimeout(limits.idleMillis());
    }
    return options;
  }

  private Connections.Bounds bounds() {
    return new Connections.Bounds(
        config.limits().silentMillis(),
        config.limits().streamsPerConnection(),
        config.auth().isOn() ? config.limits().strangers() : 0,
        config.limits().strangerMillis(),
        config.limits().idleMillis(),
        config.limits().connectionAgeMillis(),
        config.limits().connectionAgeGraceMillis(),
        config.limits().controlFramesPerSecond(),
        config.keepalive().intervalMillis(),
        config.keepalive().timeoutMillis());
  }

  /**
   * No new connections and calls; those that would never end are ended, the others have their time.
   */
  private Future<Void> drain() {
    int millis = config.drainTimeoutMillis();
    Future<Void> closed = server.shutdown((long) millis + LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS);
    chat.close();
    rpc.endEndlessCalls(OperationsRpcs.SHUTTING_DOWN);
    long timeUp =
        vertx.setTimer(Math.max(1, millis), late -> rpc.endAllCalls(OperationsRpcs.SHUTTING_DOWN));
    return closed.onComplete(end -> vertx.cancelTimer(timeUp));
  }

  private void endCalls(HttpConnection connection) {
    rpc.endCalls(connection, OperationsRpcs.CONNECTION_TOO_OLD);
  }

  /** What all instances wait for is done on the event loop of one; each goes on on its own. */
  private <T> Future<T> here(Future<T> shared) {
    return shared.isComplete()
        ? shared
        : Future.future(
            promise ->
                shared.onComplete(
                    (result, failure) ->
                        context.runOnContext(turn -> promise.complete(result, failure))));
  }

  private Future<Void> delay(int millis) {
    return millis == 0
        ? Future.succeededFuture()
        : vertx.timer(millis, TimeUnit.MILLISECONDS).mapEmpty();
  }

  private Future<Void> leave() {
    if (chat != null) {
      chat.close();
    }
    return shared.leave(vertx, deploymentID());
  }
}
