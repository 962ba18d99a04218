package dev.userservice;

import dev.userservice.config.ServerConfig;
import dev.userservice.rpc.RpcServer;
import dev.userservice.user.ChatCorner;
import dev.userservice.user.Users;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.time.Clock;
import java.util.concurrent.TimeUnit;

/**
 * Serves {@code users.v1.UserService}: store, rules, wire, socket, in this order. Its configuration
 * is a {@link ServerConfig}.
 *
 * <p>Each instance has an event loop of its own. All instances of a deployment listen on the same
 * port, and share one store and one chat room.
 */
public final class UserVerticle extends VerticleBase {

  /** The local map in which the port that is really listened on stands under {@link #PORT}. */
  static final String LOCAL_MAP = "dev.userservice";

  static final String PORT = "port";

  /** As grpc-java has it. */
  private static final int MESSAGE_BYTES = 4 * 1024 * 1024;

  private ServerConfig config;
  private SharedDirectory directory;
  private ChatCorner chat;
  private HttpServer server;

  @Override
  public Future<?> start() {
    config = ServerConfig.from(config());
    directory = SharedDirectory.join(vertx, deploymentID(), config);
    return directory
        .ready()
        .compose(ready -> listen())
        .recover(failure -> leave().transform(left -> Future.failedFuture(failure)));
  }

  @Override
  public Future<?> stop() {
    Future<Void> drained = server.shutdown(config.drainTimeoutMillis(), TimeUnit.MILLISECONDS);
    chat.close();
    return drained.eventually(this::leave);
  }

  private Future<HttpServer> listen() {
    Users users = new Users(directory.store(), config.limits().batchUsers(), Clock.systemUTC());
    chat = directory.chatRoom().open(context);
    RpcServer rpc =
        new RpcServer(vertx, UserServiceRpcs.ERROR_DOMAIN, MESSAGE_BYTES, UserServiceRpcs::status);
    UserServiceRpcs.bind(rpc, users, chat);
    server = vertx.createHttpServer(new HttpServerOptions()).requestHandler(rpc);
    // A negative port is any free one, but the same for all instances of this deployment.
    return server
        .listen(config.port() == 0 ? -1 : config.port(), config.host())
        .onSuccess(
            listening ->
                vertx.sharedData().getLocalMap(LOCAL_MAP).put(PORT, listening.actualPort()));
  }

  private Future<Void> leave() {
    if (chat != null) {
      chat.close();
    }
    return directory.leave(vertx, deploymentID());
  }
}
