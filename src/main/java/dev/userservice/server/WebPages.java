package dev.userservice.server;

import dev.userservice.cluster.Members;
import dev.userservice.config.Address;
import dev.userservice.config.ServerConfig;
import dev.userservice.operations.Health;
import dev.userservice.operations.Version;
import dev.userservice.rpc.RpcServer;
import dev.userservice.store.Replication;
import dev.userservice.store.UserStore;
import dev.userservice.web.Comments;
import dev.userservice.web.JsonAnswer;
import dev.userservice.web.PageFiles;
import dev.userservice.web.ServerFacts;
import dev.userservice.web.ServiceList;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.server.Service;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** The page at {@code /}, and what it asks the server for. Shared by all instances. */
public final class WebPages {

  private static final String FOLDER = "web";
  private static final List<String> FILES =
      List.of(
          "index.html",
          "page.css",
          "icon.svg",
          "page.js",
          "contract.js",
          "copy.js",
          "dom.js",
          "method.js",
          "output.js",
          "run.js",
          "socket.js",
          "status.js",
          "wire.js");
  private static final String COMMENTS = FOLDER + "/contract.binpb";

  private final ServerConfig config;
  private final Supplier<List<String>> members;
  private final Map<String, Handler<HttpServerRequest>> files;
  private final Comments comments;
  private final Instant started = Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS);
  private final List<RpcServer> instances = new CopyOnWriteArrayList<>();

  /** The same for all instances, and made by the first. */
  private Handler<HttpServerRequest> services;

  private WebPages(ServerConfig config, Supplier<List<String>> members) {
    this.config = config;
    this.members = members;
    files = PageFiles.read(FOLDER, FILES);
    comments = config.reflection() ? Comments.read(COMMENTS) : Comments.none();
  }

  /** Reads the files of the page; blocks. Empty without {@code web.page}. */
  static Optional<WebPages> of(Vertx vertx, ServerConfig config, UserStore store) {
    return config.web().page()
        ? Optional.of(new WebPages(config, members(vertx, store)))
        : Optional.empty();
  }

  /** The servers of the log, or else of the cluster, or none. */
  private static Supplier<List<String>> members(Vertx vertx, UserStore store) {
    Optional<Replication> replication = store.replication();
    if (replication.isPresent()) {
      return () -> replication.get().state().servers();
    }
    return vertx.isClustered() ? new Members(vertx)::all : List::of;
  }

  /** Adds the page to an instance, whose services are bound. */
  public void answerOn(RpcServer rpc, Health health) {
    instances.add(rpc);
    Map<String, Handler<HttpServerRequest>> pages = new HashMap<>(files);
    pages.put("/services.json", services(rpc));
    pages.put("/server.json", JsonAnswer.of(request -> server(request.localAddress(), health)));
    rpc.alsoAnswer(pages);
  }

  private synchronized Handler<HttpServerRequest> services(RpcServer rpc) {
    if (services == null) {
      services =
          config.reflection()
              ? JsonAnswer.of(
                  ServiceList.of(
                      rpc.services().stream().map(Service::descriptor).toList(),
                      comments,
                      method -> rpc.messageBytes(OperationsRpcs.name(method))))
              : JsonAnswer.notFound("the list of services is off (\"reflection\": false)");
    }
    return services;
  }

  private JsonObject server(SocketAddress address, Health health) {
    ServerFacts facts =
        new ServerFacts(
            Address.join(address.hostAddress(), address.port()),
            Version.ofProgram(),
            config.store().type().toString(),
            members.get(),
            health(health).name(),
            started,
            instances.stream().mapToInt(RpcServer::openCalls).sum(),
            config.auth().isOn(),
            config.web().socket());
    return config.auth().isOn() || config.tls().isMutual() ? facts.toPublicJson() : facts.toJson();
  }

  private static ServingStatus health(Health health) {
    return health.check(HealthCheckRequest.getDefaultInstance()).orElseThrow().getStatus();
  }
}
