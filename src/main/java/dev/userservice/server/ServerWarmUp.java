package dev.userservice.server;

import dev.userservice.operations.OpenFiles;
import dev.userservice.operations.Started;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceClient;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.streams.ReadStream;
import io.vertx.grpc.client.GrpcClient;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Loads and links the classes of a call before a server listens: one call of each kind against a
 * server of its own, on loopback, with users of its own. On a busy machine the first call of a cold
 * server held its event loop for 1.8 s, and with it all other callers.
 */
final class ServerWarmUp {

  /** Once per process. */
  private static final AtomicBoolean DONE = new AtomicBoolean();

  /** One for gRPC, and one for JSON. */
  private static final int MAX_CONNECTIONS = 2;

  /** The max time of the calls; the server starts without the rest. */
  private static final int MAX_SECONDS = 20;

  /** It needs two connections, and with more it would warn about open files a second time. */
  private static final JsonObject CONFIG =
      new JsonObject()
          .put("host", "127.0.0.1")
          .put("port", 0)
          .put("web", new JsonObject().put("page", false))
          .put("limits", new JsonObject().put("connections", MAX_CONNECTIONS));

  private static final Logger LOG = LoggerFactory.getLogger(ServerWarmUp.class);

  private ServerWarmUp() {}

  /**
   * Completes after the warm-up, on no context; never fails.
   *
   * @param server makes another instance of what is warmed up
   */
  static Future<Void> start(Supplier<? extends Deployable> server) {
    if (DONE.getAndSet(true)) {
      return Future.succeededFuture();
    }
    Promise<Void> warm = Promise.promise();
    // Not on a worker thread: Vert.x warns of one that makes another Vertx.
    Thread thread =
        new Thread(
            () -> {
              try {
                run(server);
              } finally {
                warm.complete();
              }
            },
            "warm-up");
    thread.setDaemon(true);
    thread.start();
    return warm.future();
  }

  private static void run(Supplier<? extends Deployable> server) {
    // An event loop of its own, where it holds up no caller, and may take its time.
    Vertx vertx =
        Vertx.vertx(
            OpenFiles.withoutCache(
                new VertxOptions()
                    .setEventLoopPoolSize(1)
                    .setWorkerPoolSize(1)
                    .setInternalBlockingPoolSize(1)
                    .setBlockedThreadCheckInterval(TimeUnit.DAYS.toMillis(1))));
    try {
      vertx
          .deployVerticle(server.get(), new DeploymentOptions().setConfig(CONFIG))
          .compose(deployed -> calls(vertx))
          .toCompletionStage()
          .toCompletableFuture()
          .get(MAX_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | InterruptedException cold) {
      LOG.debug("The server starts cold", cold);
    } finally {
      close(vertx);
    }
  }

  /** Waits, because the classes that it loads would otherwise be loaded beside the first calls. */
  private static void close(Vertx vertx) {
    try {
      vertx.close().toCompletionStage().toCompletableFuture().get(MAX_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | InterruptedException failure) {
      LOG.debug("Warm-up", failure);
    }
  }

  private static Future<?> calls(Vertx vertx) {
    int port = Started.of(vertx).port();
    UserServiceClient client =
        UserServiceGrpcClient.create(
            GrpcClient.client(vertx), SocketAddress.inetSocketAddress(port, "127.0.0.1"));
    HttpClient http = vertx.createHttpClient();
    CreateUserRequest user =
        CreateUserRequest.newBuilder().setName("Warm").setEmail("warm@example.com").build();
    return client
        .getUser(GetUserRequest.newBuilder().setUserId(1).build())
        // A failure, for its status and details.
        .compose(found -> client.getUser(GetUserRequest.getDefaultInstance()).otherwiseEmpty())
        .compose(refused -> client.createUser(user))
        .compose(created -> client.listUsers(ListUsersRequest.getDefaultInstance()))
        .compose(ServerWarmUp::read)
        .compose(
            listed ->
                client.batchCreateUsers(
                    (requests, failure) ->
                        requests.end(user.toBuilder().setEmail("up@example.com").build())))
        .compose(
            batch ->
                client.streamUsers(
                    (messages, failure) ->
                        messages.end(
                            UserMessage.newBuilder().setUserId(1).setMessage("Warm").build())))
        .compose(ServerWarmUp::read)
        .compose(chat -> json(http, port, "{\"user_id\": 1}"))
        .compose(found -> json(http, port, "{}"));
  }

  /** Calls GetUser by Connect, with a message in JSON. */
  private static Future<?> json(HttpClient http, int port, String message) {
    return http.request(HttpMethod.POST, port, "127.0.0.1", "/users.v1.UserService/GetUser")
        .compose(
            request ->
                request
                    .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .send(message)
                    .compose(HttpClientResponse::body));
  }

  private static Future<Void> read(ReadStream<?> responses) {
    Promise<Void> end = Promise.promise();
    responses.exceptionHandler(end::tryFail).endHandler(end::tryComplete).handler(response -> {});
    return end.future();
  }
}
