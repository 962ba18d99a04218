package dev.userservice.operations;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.NetUtil;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The HTTP server for operators and their tools, on its own port: {@code GET /metrics}, {@code
 * /health/live}, {@code /health/ready}, {@code /log/levels} and {@code /raft}. {@code PUT} and
 * {@code DELETE} change one log level; {@code DELETE} removes one server from the raft.
 */
public final class Management {

  private static final Logger LOG = LoggerFactory.getLogger(Management.class);

  private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  private static final String LEVELS = "/log/levels";

  private static final String RAFT = "/raft";
  private static final String RAFT_SERVERS = RAFT + "/servers/";

  private static final int IDLE_SECONDS = 60;

  /** The max number of connections: half of the 256 files kept free for all but calls. */
  public static final int MAX_CONNECTIONS = 128;

  /** Longer than any name of a level. */
  private static final int MAX_LEVEL_BYTES = 64;

  private final Vertx vertx;
  private final Metrics metrics;
  private final Probes probes;
  private final Predicate<String> ownHost;
  private final HttpServer server;

  /** Null for a store of one server. */
  private volatile Supplier<JsonObject> replication;

  private volatile Function<String, Future<Void>> remover;

  // The fields below belong to the one event loop of the HTTP server.

  /** Ordered by their last request, the longest ago first. */
  private final Set<HttpConnection> connections = new LinkedHashSet<>();

  private final List<HttpServerRequest> scrapes = new ArrayList<>();
  private boolean scraping;

  /**
   * @param ownHost true for a Host header of this server; others are refused, because a web page
   *     could otherwise reach this port by DNS rebinding
   */
  public Management(Vertx vertx, Metrics metrics, Probes probes, Predicate<String> ownHost) {
    this.vertx = vertx;
    this.metrics = metrics;
    this.probes = probes;
    this.ownHost = ownHost;
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    // Nothing here speaks WebSocket or HTTP/2; their handlers read all requests.
                    .setPerFrameWebSocketCompressionSupported(false)
                    .setPerMessageWebSocketCompressionSupported(false)
                    .setHttp2ClearTextEnabled(false)
                    .setHandle100ContinueAutomatically(true)
                    .setIdleTimeoutUnit(TimeUnit.SECONDS)
                    .setIdleTimeout(IDLE_SECONDS))
            .connectionHandler(this::admit)
            .requestHandler(this::answer);
  }

  /**
   * Adds the paths for a store that several servers replicate.
   *
   * @param state the response of {@code GET /raft}
   * @param remove removes the server at an address
   */
  public void replication(Supplier<JsonObject> state, Function<String, Future<Void>> remove) {
    remover = remove;
    replication = state;
  }

  /** Starts listening, and returns the actual port. */
  public Future<Integer> listen(String host, int port) {
    return server.listen(port, host).map(HttpServer::actualPort);
  }

  public Future<Void> close() {
    return server.close();
  }

  /** Above the max, closes the longest silent connection, so that a probe is always served. */
  private void admit(HttpConnection connection) {
    connections.add(connection);
    connection.closeHandler(end -> connections.remove(connection));
    if (connections.size() > MAX_CONNECTIONS) {
      HttpConnection oldest = connections.iterator().next();
      connections.remove(oldest);
      oldest.close();
    }
  }

  private void answer(HttpServerRequest request) {
    HttpConnection connection = request.connection();
    if (connections.remove(connection)) {
      connections.add(connection);
    }
    String path = String.valueOf(request.path());
    List<String> hosts = request.headers().getAll(HttpHeaders.HOST);
    if (hosts.size() != 1 && (request.version() == HttpVersion.HTTP_1_1 || hosts.size() > 1)) {
      send(request, 400, TEXT, "an HTTP/1.1 request needs exactly one Host header\n");
    } else if (!hosts.isEmpty() && !ownHost.test(hosts.get(0))) {
      send(
          request,
          421,
          TEXT,
          "the Host header names another server; if it is a name of this one, add it to its"
              + " configuration, \"allowedHosts\"\n");
    } else if (path.startsWith(LEVELS + "/")) {
      level(request, path.substring(LEVELS.length() + 1));
    } else if (path.startsWith(RAFT_SERVERS) && replication != null) {
      server(request, path.substring(RAFT_SERVERS.length()));
    } else if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
      notAllowed(request, "GET, HEAD");
    } else {
      switch (path) {
        case "/metrics" -> metrics(request);
        case "/health/live" -> health(request, probes.live());
        case "/health/ready" -> health(request, probes.ready());
        case LEVELS -> send(request, 200, JSON, levels());
        default -> other(request, path);
      }
    }
  }

  private void other(HttpServerRequest request, String path) {
    if (path.equals(RAFT) && replication != null) {
      send(request, 200, JSON, replication.get().encodePrettily() + "\n");
    } else {
      String raft = replication == null ? "" : RAFT + ", ";
      send(
          request,
          404,
          TEXT,
          "unknown path; the paths are /metrics, /health/live, /health/ready, %sand /log/levels\n"
              .formatted(raft));
    }
  }

  /** Removes a server of the raft; allowed from this machine only, as {@link #level}. */
  private void server(HttpServerRequest request, String encoded) {
    if (!isLoopback(request.remoteAddress())) {
      send(request, 403, TEXT, "servers can be removed only from the machine of one of them\n");
    } else if (request.method() != HttpMethod.DELETE) {
      notAllowed(request, "DELETE");
    } else {
      String address;
      try {
        address = QueryStringDecoder.decodeComponent(encoded);
      } catch (IllegalArgumentException wrong) {
        send(request, 400, TEXT, "the address is not encoded as in a URL\n");
        return;
      }
      remover
          .apply(address)
          .onSuccess(removed -> send(request, 200, JSON, replication.get().encodePrettily() + "\n"))
          .onFailure(failure -> send(request, 409, TEXT, failure.getMessage() + "\n"));
    }
  }

  /**
   * Scrapes one at a time, for all requests received before it starts: any number of them uses one
   * thread, and probes are answered meanwhile.
   */
  private void metrics(HttpServerRequest request) {
    scrapes.add(request);
    if (!scraping) {
      scrape();
    }
  }

  private void scrape() {
    scraping = true;
    List<HttpServerRequest> asked = List.copyOf(scrapes);
    scrapes.clear();
    vertx
        .executeBlocking(metrics::scrape, false)
        .onSuccess(all -> asked.forEach(request -> send(request, 200, METRICS, all)))
        .onFailure(
            failure -> {
              LOG.error("Metrics could not be written", failure);
              asked.forEach(request -> send(request, 500, TEXT, "see the log of the server\n"));
            })
        .onComplete(
            end -> {
              scraping = false;
              if (!scrapes.isEmpty()) {
                scrape();
              }
            });
  }

  /**
   * Changes a log level; allowed from this machine only, because a remote reader of metrics must
   * not be able to fill or silence the log.
   */
  private static void level(HttpServerRequest request, String logger) {
    if (!isLoopback(request.remoteAddress())) {
      send(request, 403, TEXT, "log levels can be changed only from the machine of the server\n");
    } else if (request.method() == HttpMethod.DELETE) {
      change(request, () -> LogLevels.unset(logger));
    } else if (request.method() == HttpMethod.PUT) {
      Buffer level = Buffer.buffer();
      request.handler(
          part ->
              level.appendBuffer(
                  part, 0, Math.min(part.length(), MAX_LEVEL_BYTES - level.length())));
      request.endHandler(end -> change(request, () -> LogLevels.set(logger, level.toString())));
    } else {
      notAllowed(request, "PUT, DELETE");
    }
  }

  private static boolean isLoopback(SocketAddress peer) {
    return NetUtil.createInetAddressFromIpAddressString(peer.hostAddress()).isLoopbackAddress();
  }

  private static void change(HttpServerRequest request, Runnable change) {
    try {
      change.run();
      send(request, 200, JSON, levels());
    } catch (IllegalArgumentException refused) {
      send(request, 400, TEXT, refused.getMessage() + "\n");
    }
  }

  private static String levels() {
    return new JsonObject(new LinkedHashMap<>(LogLevels.all())).encodePrettily() + "\n";
  }

  private static void notAllowed(HttpServerRequest request, String allowed) {
    request.response().putHeader(HttpHeaders.ALLOW, allowed);
    send(request, 405, TEXT, "the allowed methods are " + allowed + "\n");
  }

  private static void health(HttpServerRequest request, boolean good) {
    send(request, good ? 200 : 503, JSON, "{\"status\":\"%s\"}\n".formatted(good ? "UP" : "DOWN"));
  }

  private static void send(HttpServerRequest request, int status, String type, String body) {
    request
        .response()
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, type)
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader("x-content-type-options", "nosniff")
        .end(body);
  }
}
