package dev.userservice.operations;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.TimeUnit;

/**
 * What operators, and their tools, ask over plain HTTP, on a port of its own: {@code GET /metrics},
 * {@code /health/live} and {@code /health/ready}.
 */
public final class Management {

  private static final Logger LOG = LoggerFactory.getLogger(Management.class);

  private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  private static final int IDLE_SECONDS = 60;

  private final Vertx vertx;
  private final Metrics metrics;
  private final Probes probes;
  private final HttpServer server;

  public Management(Vertx vertx, Metrics metrics, Probes probes) {
    this.vertx = vertx;
    this.metrics = metrics;
    this.probes = probes;
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setIdleTimeoutUnit(TimeUnit.SECONDS)
                    .setIdleTimeout(IDLE_SECONDS))
            .requestHandler(this::answer);
  }

  /** The port that is really listened on. */
  public Future<Integer> listen(String host, int port) {
    return server.listen(port, host).map(HttpServer::actualPort);
  }

  public Future<Void> close() {
    return server.close();
  }

  private void answer(HttpServerRequest request) {
    if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
      request.response().putHeader(HttpHeaders.ALLOW, "GET, HEAD");
      send(request, 405, TEXT, "there is only GET here\n");
      return;
    }
    switch (String.valueOf(request.path())) {
      case "/metrics" ->
          vertx
              .executeBlocking(metrics::scrape, false)
              .onSuccess(all -> send(request, 200, METRICS, all))
              .onFailure(
                  failure -> {
                    LOG.error("Metrics could not be written", failure);
                    send(request, 500, TEXT, "the log says why\n");
                  });
      case "/health/live" -> health(request, probes.live());
      case "/health/ready" -> health(request, probes.ready());
      default -> send(request, 404, TEXT, "there are /metrics, /health/live and /health/ready\n");
    }
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
