package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import java.util.function.Supplier;

/** One HTTP/2 connection to one server, with nothing between its owner and the calls over it. */
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
    // Each call that breaks off tells so; without this, a line of the log would too.
    connection.exceptionHandler(lost -> {});
  }

  /** Refuses a connection on which HTTP/1 is spoken. */
  static Future<Connection> over(HttpClientConnection opened, HostAndPort host, String token) {
    try {
      opened.remoteSettings();
      return Future.succeededFuture(new Connection(opened, host, token));
    } catch (UnsupportedOperationException http1) {
      opened.close();
      return Future.failedFuture(NotConnected.notHttp2());
    }
  }

  /** How many calls the server lets be open at a time. */
  public long mostCalls() {
    return connection.maxActiveStreams();
  }

  /** Whether no call can be made any more. */
  public boolean isClosed() {
    return closed;
  }

  /**
   * Makes requests for calls of a method, with all of their headers.
   *
   * @param path of the method: {@code /service/method}
   * @param deadlineMillis what each call has, at most 99,999,999
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
