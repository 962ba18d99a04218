package dev.userservice.server;

import dev.userservice.config.Limits;
import dev.userservice.config.ServerConfig;
import dev.userservice.operations.Started;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.HttpDoor;
import dev.userservice.rpc.RpcServer;
import dev.userservice.tls.ServerTls;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.tracing.TracingPolicy;
import java.util.concurrent.TimeUnit;

/** The port for callers, of one instance: HTTP options, TLS, and the bounds of connections. */
public final class CallerPort {

  /** Bytes that a caller may send before they are read: of one call. */
  private static final int STREAM_WINDOW_BYTES = 1 << 20;

  /** The same, of all calls of a connection. */
  private static final int CONNECTION_WINDOW_BYTES = 4 << 20;

  private static final int RESET_WINDOW_SECONDS = 10;

  private static final int SOCKET_MARGIN_BYTES = 65_536;

  /** The time for the other end of a WebSocket to close it too. */
  private static final int SOCKET_CLOSE_SECONDS = 5;

  /** The time in which a rejected connection sends its last statuses. */
  private static final int REJECTED_MILLIS = 1_000;

  private final Vertx vertx;
  private final ServerConfig config;
  private final SharedParts shared;
  private final RpcServer rpc;
  private final HttpServer server;

  public CallerPort(Vertx vertx, ServerConfig config, SharedParts shared, RpcServer rpc) {
    this.vertx = vertx;
    this.config = config;
    this.shared = shared;
    this.rpc = rpc;
    Connections connections =
        new Connections(vertx, bounds(), shared.connections(), this::endTooOld);
    server =
        HttpDoor.create(vertx, options(), connections)
            .exceptionHandler(Connections::failed)
            .connectionHandler(
                connection -> {
                  connections.handle(connection);
                  shared.guard().tls().ifPresent(tls -> watch(tls, connection));
                })
            .invalidRequestHandler(this::turnAway)
            .requestHandler(rpc);
  }

  /** Fails when the address cannot be listened on. */
  public Future<Void> listen() {
    // A negative port is any free one, but the same for all instances of this deployment.
    return server
        .listen(config.port() == 0 ? -1 : config.port(), config.host())
        .onSuccess(
            listening -> {
              shared.guard().tls().ifPresent(tls -> tls.addServer(listening));
              Started.of(vertx).listensOn(listening.actualPort());
            })
        .mapEmpty();
  }

  /** Refuses new connections and calls; completes when the open calls have ended. */
  public Future<Void> shutdown(long millis) {
    return server.shutdown(millis, TimeUnit.MILLISECONDS);
  }

  /** Ends a connection when the certificate of its caller is no longer valid. */
  private void watch(ServerTls tls, HttpConnection connection) {
    tls.connected(
        connection,
        rejected -> {
          rpc.endCalls(connection, rejected);
          connection.shutdown(REJECTED_MILLIS, TimeUnit.MILLISECONDS);
        });
    Connections.onClose(connection, () -> tls.disconnected(connection));
  }

  /** For bytes that are neither HTTP/2 nor HTTP/1; mostly TLS. */
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

  private void endTooOld(HttpConnection connection) {
    rpc.endCalls(connection, OperationsRpcs.CONNECTION_TOO_OLD);
  }

  private HttpServerOptions options() {
    Limits limits = config.limits();
    HttpServerOptions options =
        new HttpServerOptions()
            // It would call each call POST; Observation knows the method and the status.
            .setTracingPolicy(TracingPolicy.IGNORE)
            // The handler of the extensions of WebSocket would read all requests.
            .setPerFrameWebSocketCompressionSupported(false)
            .setPerMessageWebSocketCompressionSupported(false)
            // A message that is somewhat too large gets a status, a larger one the close code 1009.
            .setMaxWebSocketFrameSize(limits.messageBytes() + SOCKET_MARGIN_BYTES)
            .setWebSocketClosingTimeout(SOCKET_CLOSE_SECONDS)
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
      // For HTTP/1.1, and for peers that connect and send nothing; HTTP/2 has timers of ours.
      options.setIdleTimeoutUnit(TimeUnit.MILLISECONDS).setIdleTimeout(limits.idleMillis());
    }
    return options;
  }

  private Connections.Bounds bounds() {
    Limits limits = config.limits();
    return new Connections.Bounds(
        limits.silentMillis(),
        limits.streamsPerConnection(),
        config.auth().isOn() ? limits.unauthenticatedConnections() : 0,
        limits.unauthenticatedMillis(),
        limits.idleMillis(),
        limits.connectionAgeMillis(),
        limits.connectionAgeGraceMillis(),
        limits.controlFramesPerSecond(),
        config.keepalive().intervalMillis(),
        config.keepalive().timeoutMillis());
  }
}
