package dev.userservice.client;

import dev.userservice.client.Servers.Server;
import dev.userservice.config.Address;
import dev.userservice.config.ClientConfig;
import dev.userservice.security.BearerToken;
import dev.userservice.security.ClientTls;
import dev.userservice.security.UnusableFileException;
import io.vertx.core.Future;
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
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The way to the servers: waits until one answers, spreads calls over all of them, and makes calls
 * again that no server has seen, or that change nothing. Everything that waits here ends by itself,
 * and all of it together within {@value #ALL_MILLIS} milliseconds of the creation.
 */
public final class Channel {

  /** The launcher gives a deployment two minutes; some are left for closing and for the JVM. */
  private static final long ALL_MILLIS = 100_000;

  private static final int CONNECT_MILLIS = 1_000;
  private static final int MORE_TRIES = 3;
  private static final long CLOSE_MILLIS = 5_000;
  private static final long WARM_UP_MILLIS = 5_000;

  private final Vertx vertx;
  private final ClientConfig config;
  private final Map<HttpConnection, Integer> lastStreams =
      Collections.synchronizedMap(new WeakHashMap<>());
  private final ServerSearch search;
  private final ClientTls tls;
  private final NotConnected notConnected;
  private final Deadline all;
  private final Set<Address> called = new LinkedHashSet<>();
  private String token = "";
  private HttpClientAgent http;
  private Servers servers;

  public Channel(Vertx vertx, ClientConfig config) {
    this(vertx, config, ALL_MILLIS);
  }

  /**
   * @param allMillis how long all of its calls may take together
   */
  Channel(Vertx vertx, ClientConfig config, long allMillis) {
    this.all = Deadline.in(allMillis);
    this.vertx = vertx;
    this.config = config;
    this.search = new ServerSearch(vertx, CONNECT_MILLIS);
    this.tls = new ClientTls(vertx, config.tls());
    this.notConnected = new NotConnected(tls);
  }

  /** As {@link #findServer(StatusLine)}, and shows nothing. */
  public Future<Void> findServer() {
    return findServer(new StatusLine(new PrintStream(OutputStream.nullOutputStream()), false));
  }

  /**
   * Reads the files of the configuration, then waits until one of the addresses accepts
   * connections. A name that stands for several addresses is as good as all of them.
   *
   * @param line shows that it waits
   * @return fails with an {@link UnusableFileException} when a file is no good, and with a {@link
   *     ScenarioException} when there is no server within {@code waitMillis}
   */
  public Future<Void> findServer(StatusLine line) {
    return vertx
        .executeBlocking(() -> BearerToken.read(config))
        .onSuccess(read -> token = read)
        .compose(read -> tls.configure(httpOptions()))
        .onSuccess(options -> http = httpClient(options))
        .compose(ready -> search.find(config.addresses(), config.waitMillis(), line))
        .compose(found -> search.resolve(config.addresses()))
        .onSuccess(addresses -> servers = new Servers(addresses, config.balance()))
        .mapEmpty();
  }

  private static HttpClientOptions httpOptions() {
    return new HttpClientOptions()
        .setProtocolVersion(HttpVersion.HTTP_2)
        // Each call begins a trace of its own, where traces are on.
        .setTracingPolicy(TracingPolicy.ALWAYS)
        // By upgrade, a first call that streams would wait for ever.
        .setHttp2ClearTextUpgrade(false)
        .setInitialSettings(new Http2Settings().setPushEnabled(false))
        .setConnectTimeout(CONNECT_MILLIS);
  }

  private HttpClientAgent httpClient(HttpClientOptions options) {
    return vertx.httpClientBuilder().with(options).withConnectHandler(this::watch).build();
  }

  private void watch(HttpConnection connection) {
    try {
      connection.goAwayHandler(goAway -> lastStreams.put(connection, goAway.getLastStreamId()));
    } catch (UnsupportedOperationException http1) {
      // No call is made over it: overHttp2 sees to that.
    }
    // Each call that it carried fails and says why; without this, so would a line of the log.
    connection.exceptionHandler(lost -> {});
  }

  /**
   * Makes a first call, so that those after it do not wait for the start of this JVM. A server that
   * does not answer is waited for for {@code deadlineMillis}, and for {@value #WARM_UP_MILLIS}
   * milliseconds at most.
   *
   * @return never fails: the next call says what is wrong
   */
  Future<Void> warmUp() {
    Deadline deadline = all.within(ALL_MILLIS);
    return WarmUp.call(
        vertx,
        servers.all().stream()
            .<Supplier<Future<ClientCall<HealthCheckRequest, HealthCheckResponse>>>>map(
                server ->
                    () ->
                        request(server, HealthScenario.CHECK, deadline)
                            .map(request -> call(request, HealthScenario.CHECK, deadline)))
            .toList(),
        Math.min(config.deadlineMillis(), WARM_UP_MILLIS));
  }

  /**
   * Opens a connection to the next server, for one who makes calls that are neither balanced nor
   * made again.
   *
   * @return fails with a {@link CallException} when there is none within {@code deadlineMillis}
   */
  public Future<Connection> connect() {
    Server server = servers.pick();
    Deadline deadline = Deadline.in(config.deadlineMillis());
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

  /** Starts a call that has {@code deadlineMillis} to end, connecting included. */
  <Q, R> Future<ClientCall<Q, R>> open(ServiceMethod<R, Q> method) {
    return open(method, 0);
  }

  /**
   * Starts a call. A server that cannot be reached has not seen it, and so another may get it.
   *
   * @param pauses how many pauses the caller is going to make in it; they are added to its time
   * @return the call; it tells by itself how it ends. Fails with a {@link CallException} when there
   *     is no connection, or not in time
   */
  <Q, R> Future<ClientCall<Q, R>> open(ServiceMethod<R, Q> method, int pauses) {
    return deadline(pauses)
        .compose(
            deadline ->
                tryAgain(
                    () -> connect(servers.pick(), method, deadline),
                    CallException::changedNothing,
                    deadline,
                    mostTries()));
  }

  /**
   * Starts a call on each of the servers that can be reached, in the order of the addresses.
   *
   * @return fails with a {@link CallException} when one of them can never be reached
   */
  <Q, R> Future<Map<Address, ClientCall<Q, R>>> openOnEach(ServiceMethod<R, Q> method) {
    return deadline(0)
        .compose(
            deadline -> {
              Map<Address, Future<ClientCall<Q, R>>> tried = new LinkedHashMap<>();
              for (Server server : servers.all()) {
                tried.put(server.address(), connect(server, method, deadline));
              }
              return Future.join(List.copyOf(tried.values()))
                  .transform(
                      all -> {
                        CallException wrong = forGood(tried.values());
                        if (wrong != null) {
                          return Future.failedFuture(wrong);
                        }
                        tried.values().removeIf(Future::failed);
                        Map<Address, ClientCall<Q, R>> open = new LinkedHashMap<>();
                        tried.forEach((address, call) -> open.put(address, call.result()));
                        return Future.succeededFuture(open);
                      });
            });
  }

  /** Ends the others, when one has failed in a way that will not pass; null when none has. */
  private static <Q, R> CallException forGood(Collection<Future<ClientCall<Q, R>>> tried) {
    for (Future<ClientCall<Q, R>> one : tried) {
      if (one.cause() instanceof CallException wrong && wrong.lasts()) {
        tried.stream().filter(Future::succeeded).forEach(other -> other.result().cancel());
        return wrong;
      }
    }
    return null;
  }

  /**
   * Makes a call that changes nothing, and makes it again when it ends UNAVAILABLE before anything
   * of an answer has come. All tries together have {@code deadlineMillis}.
   *
   * @param use gets each try, and says when it is through with it
   * @param begun whether something of an answer has come
   */
  <Q, R, T> Future<T> read(
      ServiceMethod<R, Q> method,
      Function<ClientCall<Q, R>, Future<T>> use,
      BooleanSupplier begun) {
    return deadline(0)
        .compose(
            deadline ->
                tryAgain(
                    () -> connect(servers.pick(), method, deadline).compose(use),
                    failure -> !begun.getAsBoolean(),
                    deadline,
                    mostTries()));
  }

  /** At once when another server may do it, after a while when all are away. */
  private <T> Future<T> tryAgain(
      Supplier<Future<T>> attempt, Predicate<CallException> safe, Deadline deadline, int tries) {
    return attempt
        .get()
        .recover(
            failure -> {
              long millis = servers.awayMillis();
              return tries > 1
                      && failure instanceof CallException call
                      && call.mayPass()
                      && safe.test(call)
                      && millis < deadline.leftMillis()
                  ? delay(millis).compose(later -> tryAgain(attempt, safe, deadline, tries - 1))
                  : Future.failedFuture(failure);
            });
  }

  private <Q, R> Future<ClientCall<Q, R>> connect(
      Server server, ServiceMethod<R, Q> method, Deadline deadline) {
    return request(server, method, deadline)
        .map(request -> begun(server, call(request, method, deadline)))
        .recover(
            failure -> {
              server.failed();
              return Future.failedFuture(notConnected.explain(server, failure, deadline));
            });
  }

  private Future<HttpClientRequest> request(
      Server server, ServiceMethod<?, ?> method, Deadline deadline) {
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
    if (!token.isEmpty()) {
      options.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token);
    }
    return http.request(options)
        .compose(Channel::overHttp2)
        // A peer that accepts the connection and then says nothing would be waited for for ever.
        .timeout(deadline.leftMillis(), TimeUnit.MILLISECONDS);
  }

  private static Future<HttpClientRequest> overHttp2(HttpClientRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      return Future.succeededFuture(request);
    }
    request.exceptionHandler(reset -> {}).reset();
    return Future.failedFuture(NotConnected.notHttp2());
  }

  private <Q, R> ClientCall<Q, R> call(
      HttpClientRequest request, ServiceMethod<R, Q> method, Deadline deadline) {
    return new ClientCall<>(
        vertx,
        request,
        method,
        sent -> lastStreams.getOrDefault(sent.connection(), Integer.MAX_VALUE),
        deadline);
  }

  private static SocketAddress address(Server server) {
    return SocketAddress.inetSocketAddress(server.address().port(), server.address().host());
  }

  /** Whom a call is for: the name, not the address that it stands for. */
  private HostAndPort host(Server server) {
    String name = config.tls().serverName().isEmpty() ? server.name() : config.tls().serverName();
    // RFC 3986, 3.2.2.
    return HostAndPort.create(
        name.contains(":") ? "[" + name + "]" : name, server.address().port());
  }

  private <Q, R> ClientCall<Q, R> begun(Server server, ClientCall<Q, R> call) {
    called.add(server.address());
    server.callBegins();
    call.ended()
        .onComplete(
            end -> {
              server.callEnds();
              if (end.succeeded() || !isAway(end.cause())) {
                server.answered();
              } else {
                server.failed();
              }
            });
    return call;
  }

  /** Each server once, and a few times more. */
  private int mostTries() {
    return servers.size() + MORE_TRIES;
  }

  private Future<Deadline> deadline(int pauses) {
    return all.over()
        ? Future.failedFuture(
            new ScenarioException(
                "not tried: the scenarios before it took the %d s that there are for all"
                    .formatted(TimeUnit.MILLISECONDS.toSeconds(ALL_MILLIS))))
        : Future.succeededFuture(
            all.within(config.deadlineMillis() + (long) pauses * config.pauseMillis()));
  }

  /** Also one that is silent: it would go on to get its share. */
  private static boolean isAway(Throwable failure) {
    return failure instanceof CallException call
        && (call.status() == GrpcStatus.UNAVAILABLE
            || call.status() == GrpcStatus.DEADLINE_EXCEEDED && !call.saidByServer());
  }

  /** Makes a call that has one request, and makes it again when it has changed nothing. */
  <Q, R> Future<List<R>> ask(ServiceMethod<R, Q> method, Q request) {
    return deadline(0)
        .compose(
            deadline ->
                tryAgain(
                    () ->
                        connect(servers.pick(), method, deadline)
                            .compose(call -> answers(call, request, new ArrayList<>())),
                    CallException::changedNothing,
                    deadline,
                    mostTries()));
  }

  /** Makes a call that has one request and changes nothing, as often as that helps. */
  <Q, R> Future<List<R>> read(ServiceMethod<R, Q> method, Q request) {
    List<R> responses = new ArrayList<>();
    return read(method, call -> answers(call, request, responses), () -> !responses.isEmpty());
  }

  private static <Q, R> Future<List<R>> answers(
      ClientCall<Q, R> call, Q request, List<R> responses) {
    Future<List<R>> collected = call.collect(responses);
    call.sendAll(List.of(request).iterator());
    return collected;
  }

  /** Where calls go, as configured. */
  String target() {
    return (config.addresses().size() == 1 ? "Server " : "Servers ")
        + Address.list(config.addresses());
  }

  /** Who has been called since this was asked last; empty when there is only one to call. */
  List<Address> called() {
    List<Address> since = servers.size() == 1 ? List.of() : List.copyOf(called);
    called.clear();
    return since;
  }

  /** Waits as long as the configuration asks for between two steps. */
  Future<Void> pause() {
    return config.pauseMillis() == 0 || all.over()
        ? Future.succeededFuture()
        : delay(all.within(config.pauseMillis()).leftMillis());
  }

  /** Closes all connections, in {@value #CLOSE_MILLIS} milliseconds at most. */
  public Future<Void> close() {
    return Future.join(http == null ? Future.succeededFuture() : http.close(), search.close())
        .timeout(CLOSE_MILLIS, TimeUnit.MILLISECONDS)
        .mapEmpty();
  }

  private Future<Void> delay(long millis) {
    return millis == 0
        ? Future.succeededFuture()
        : vertx.timer(millis, TimeUnit.MILLISECONDS).mapEmpty();
  }
}
