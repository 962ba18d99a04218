package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import java.util.function.Supplier;

/** One HTTP/2 connection to one server, without balancing and retries. */
public final class Connection {

  private final HttpClientConnection connection;
  private final HostAndPort host;
  private final String token;
  private boolean closed;

  private Connection(HttpClientConnection connection, HostAndPort host, String token) {
    this.connection = connection;
    this.host = host;
    this.token = token;
    connection.closeHandler(end -> closed = true);
    // Each of its calls fails with the reason; without this handler Vert.x logs it as well.
    connection.exceptionHandler(lost -> {});
  }

  /** Wraps an open connection; closes and refuses one that uses HTTP/1. */
  static Future<Connection> over(HttpClientConnection opened, HostAndPort host, String token) {
    try {
      opened.remoteSettings();
      return Future.succeededFuture(new Connection(opened, host, token));
    } catch (UnsupportedOperationException http1) {
      opened.close();
      return Future.failedFuture(NotConnected.notHttp2());
    }
  }

  /** The max number of open calls that the server permits. */
  public long maxCalls() {
    return connection.maxActiveStreams();
  }

  /** Returns true once the connection is closed. */
  public boolean isClosed() {
    return closed;
  }

  /**
   * Returns a supplier of requests for calls of a method, with all headers.
   *
   * @param path the path of the method: {@code /service/method}
   * @param deadlineMillis the deadline of each call, at most 99,999,999
   */
  public Supplier<Future<HttpClientRequest>> calls(String path, int deadlineMillis) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setURI(path)
            .setHost(host.host())
            .setPort(host.port())
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/grpc")
            .putHeader("te", "trailers")
            .putHeader("grpc-timeout", deadlineMillis + "m");
    if (!token.isEmpty()) {
      options.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token);
    }
    return () -> connection.request(options);
  }

  public Future<Void> close() {
    return connection.close();
  }
}
