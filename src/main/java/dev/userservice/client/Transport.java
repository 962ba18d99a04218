package dev.userservice.client;

import dev.userservice.client.Servers.Server;
import dev.userservice.config.ClientConfig;
import dev.userservice.tls.ClientTls;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.grpc.common.ServiceMethod;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;

/** HTTP/2 to each server: connections, and one request for each call. */
final class Transport {

  /** The timeout of a TCP connection, in milliseconds. */
  static final int CONNECT_MILLIS = 1_000;

  private final Vertx vertx;
  private final ClientConfig config;
  private final ClientTls tls;
  private final NotConnected notConnected;

  /** The last stream that the server of a closing connection accepts (RFC 9113, 6.8). */
  private final Map<HttpConnection, Integer> lastStreams =
      Collections.synchronizedMap(new WeakHashMap<>());

  private MultiMap metadata = HttpHeaders.headers();
  private String token = "";
  private HttpClientAgent http;

  Transport(Vertx vertx, ClientConfig config) {
    this.vertx = vertx;
    this.config = config;
    this.tls = new ClientTls(vertx, config.tls());
    this.notConnected = new NotConnected(tls);
  }

  /** Sets the metadata of each call. */
  void metadata(MultiMap metadata) {
    this.metadata = metadata;
  }

  /** Reads the files of the configuration; fails with an {@code UnusableFileException}. */
  Future<Void> open() {
    return vertx
        .executeBlocking(() -> BearerToken.read(config))
        .onSuccess(read -> token = read)
        .compose(read -> tls.configure(options()))
        .onSuccess(
            options ->
                http =
                    vertx.httpClientBuilder().with(options).withConnectHandler(this::watch).build())
        .mapEmpty();
  }

  private static HttpClientOptions options() {
    return new HttpClientOptions()
        .setProtocolVersion(HttpVersion.HTTP_2)
        // Each call starts its own trace, if tracing is on.
        .setTracingPolicy(TracingPolicy.ALWAYS)
        // With an upgrade, a first call that streams would wait forever.
        .setHttp2ClearTextUpgrade(false)
        .setInitialSettings(new Http2Settings().setPushEnabled(false))
        .setConnectTimeout(CONNECT_MILLIS);
  }

  private void watch(HttpConnection connection) {
    try {
      connection.goAwayHandler(goAway -> lastStreams.put(connection, goAway.getLastStreamId()));
    } catch (UnsupportedOperationException http1) {
      // overHttp2 refuses this connection.
    }
    // Each of its calls fails with the reason; without this handler Vert.x logs it as well.
    connection.exceptionHandler(lost -> {});
  }

  /** Starts a call; fails with a {@link CallException} without a connection. */
  <Q, R> Future<ClientCall<Q, R>> call(
      Server server, ServiceMethod<R, Q> method, Deadline deadline) {
    return request(server, method)
        .compose(Transport::overHttp2)
        // A peer that accepts the connection may never send its HTTP/2 settings.
        .timeout(deadline.leftMillis(), TimeUnit.MILLISECONDS)
        .map(
            request ->
                new ClientCall<>(
                    vertx,
                    request,
                    method,
                    sent -> lastStreams.getOrDefault(sent.connection(), Integer.MAX_VALUE),
                    deadline))
        .recover(failure -> Future.failedFuture(notConnected.explain(server, failure, deadline)));
  }

  /** Opens an unshared connection; fails with a {@link CallException}. */
  Future<Connection> connect(Server server, Deadline deadline) {
    HostAndPort host = host(server);
    return http.connect(
            new HttpConnectOptions()
                .setServer(address(server))
                .setHost(host.host())
                .setPort(host.port()))
        .timeout(deadline.leftMillis(), TimeUnit.MILLISECONDS)
        .compose(opened -> Connection.over(opened, host, token))
        .recover(failure -> Future.failedFuture(notConnected.explain(server, failure, deadline)));
  }

  Future<Void> close() {
    return http == null ? Future.succeededFuture() : http.close();
  }

  private Future<HttpClientRequest> request(Server server, ServiceMethod<?, ?> method) {
    HostAndPort host = host(server);
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setServer(address(server))
            .setHost(host.host())
            .setPort(host.port())
            .setURI("/" + method.fullMethodName())
            .setTraceOperation(method.fullMethodName())
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/grpc")
            .putHeader("te", "trailers")
            .putHeader("grpc-accept-encoding", "gzip");
    metadata.forEach(options::addHeader);
    if (!token.isEmpty()) {
      options.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token);
    }
    return http.request(options);
  }

  private static Future<HttpClientRequest> overHttp2(HttpClientRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      return Future.succeededFuture(request);
    }
    request.exceptionHandler(reset -> {}).reset();
    return Future.failedFuture(NotConnected.notHttp2());
  }

  private static SocketAddress address(Server server) {
    return SocketAddress.inetSocketAddress(server.address().port(), server.address().host());
  }

  /** The authority of a call: the configured name of the server, not its resolved address. */
  private HostAndPort host(Server server) {
    String name = config.tls().serverName().isEmpty() ? server.name() : config.tls().serverName();
    // RFC 3986, 3.2.2.
    return HostAndPort.create(
        name.contains(":") ? "[" + name + "]" : name, server.address().port());
  }
}
