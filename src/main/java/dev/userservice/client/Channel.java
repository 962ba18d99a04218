package dev.userservice.client;

import dev.userservice.client.Servers.Server;
import dev.userservice.config.Address;
import dev.userservice.config.ClientConfig;
import dev.userservice.console.StatusLine;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Calls to one or more servers: waits for the first server to listen, balances calls over all, and
 * retries a call that no server has processed, or that changes nothing. For one event loop.
 */
public final class Channel {

  /** The standard health check, which this project's servers always have. */
  public static final ServiceMethod<HealthCheckResponse, HealthCheckRequest> HEALTH_CHECK =
      ServiceMethod.client(
          ServiceName.create("grpc.health.v1.Health"),
          "Check",
          GrpcMessageEncoder.encoder(),
          GrpcMessageDecoder.decoder(HealthCheckResponse.getDefaultInstance()));

  /** The number of retries in addition to one attempt per server. */
  private static final int RETRIES = 3;

  private static final long CLOSE_MILLIS = 5_000;
  private static final long WARM_UP_MILLIS = 5_000;
  private static final long WARM_UP_CALL_MILLIS = 60_000;

  private final Vertx vertx;
  private final ClientConfig config;
  private final Deadline budget;
  private final ServerSearch search;
  private final Transport transport;
  private final Set<Address> called = new LinkedHashSet<>();
  private Servers servers;

  /** A channel that may be used as long as the process runs. */
  public Channel(Vertx vertx, ClientConfig config) {
    this(vertx, config, Deadline.NEVER);
  }

  /**
   * @param budget the time of all calls together: no deadline is later, and no call starts after it
   */
  public Channel(Vertx vertx, ClientConfig config, Deadline budget) {
    this.vertx = vertx;
    this.config = config;
    this.budget = budget;
    this.search = new ServerSearch(vertx, Transport.CONNECT_MILLIS);
    this.transport = new Transport(vertx, config);
  }

  /** Sends metadata with each call. */
  public Channel with(MultiMap metadata) {
    transport.metadata(metadata);
    return this;
  }

  /**
   * Reads the files of the configuration, then waits until one of the addresses accepts
   * connections. Each address of a host name counts as a server.
   *
   * @param line shows the wait
   * @return fails with an {@link UnusableFileException} for a file, and with a {@link
   *     NoServerException} without a server within {@code waitMillis}
   */
  public Future<Void> findServer(StatusLine line) {
    return transport
        .open()
        .compose(ready -> search.find(config.addresses(), config.waitMillis(), line))
        .compose(found -> search.resolve(config.addresses()))
        .onSuccess(addresses -> servers = new Servers(addresses, config.balance()))
        .mapEmpty();
  }

  /**
   * Makes a first call, because the first call of a JVM loads classes for up to seconds. Waits for
   * {@code deadlineMillis}, and at most {@value #WARM_UP_MILLIS} milliseconds.
   *
   * @return never fails: the next call reports the failure
   */
  public Future<Void> warmUp() {
    Deadline deadline = budget.within(WARM_UP_CALL_MILLIS);
    return WarmUp.call(
        vertx,
        servers.all().stream()
            .<Supplier<Future<ClientCall<HealthCheckRequest, HealthCheckResponse>>>>map(
                server -> () -> transport.call(server, HEALTH_CHECK, deadline))
            .toList(),
        Math.min(config.deadlineMillis(), WARM_UP_MILLIS));
  }

  /**
   * Opens a connection to the next server, for calls that are neither balanced nor retried.
   *
   * @return fails with a {@link CallException} without a connection within {@code deadlineMillis}
   */
  public Future<Connection> connect() {
    return transport.connect(servers.pick(), Deadline.in(config.deadlineMillis()));
  }

  /**
   * Starts a call. If a server cannot be reached, the call goes to another one.
   *
   * @param extraMillis the time of the caller's own pauses in it, added to {@code deadlineMillis}
   * @return the call, which reports its own end. Fails with a {@link CallException} without a
   *     connection in time
   */
  public <Q, R> Future<ClientCall<Q, R>> open(ServiceMethod<R, Q> method, long extraMillis) {
    return deadline(extraMillis)
        .compose(
            deadline ->
                retry(
                    () -> start(servers.pick(), method, deadline),
                    CallException::changedNothing,
                    deadline));
  }

  /**
   * Starts a call on each server that can be reached, in the order of the addresses.
   *
   * @return fails with a {@link CallException} when the failure of one is permanent
   */
  public <Q, R> Future<Map<Address, ClientCall<Q, R>>> openOnEach(ServiceMethod<R, Q> method) {
    return deadline(0)
        .compose(
            deadline -> {
              Map<Address, Future<ClientCall<Q, R>>> attempts = new LinkedHashMap<>();
              for (Server server : servers.all()) {
                attempts.put(server.address(), start(server, method, deadline));
              }
              return Future.join(List.copyOf(attempts.values()))
                  .transform(
                      all -> {
                        CallException permanent = permanentFailure(attempts.values());
                        if (permanent != null) {
                          return Future.failedFuture(permanent);
                        }
                        attempts.values().removeIf(Future::failed);
                        Map<Address, ClientCall<Q, R>> open = new LinkedHashMap<>();
                        attempts.forEach((address, call) -> open.put(address, call.result()));
                        return Future.succeededFuture(open);
                      });
            });
  }

  /** Cancels the other calls when one failed permanently; returns null when none did. */
  private static <Q, R> CallException permanentFailure(
      Collection<Future<ClientCall<Q, R>>> attempts) {
    for (Future<ClientCall<Q, R>> one : attempts) {
      if (one.cause() instanceof CallException failure && failure.isPermanent()) {
        attempts.stream().filter(Future::succeeded).forEach(other -> other.result().cancel());
        return failure;
      }
    }
    return null;
  }

  /** Makes a call with one request, and retries it if no server has changed anything. */
  public <Q, R> Future<List<R>> ask(ServiceMethod<R, Q> method, Q request) {
    return deadline(0)
        .compose(
            deadline ->
                retry(
                    () ->
                        start(servers.pick(), method, deadline)
                            .compose(call -> answers(call, request, new ArrayList<>())),
                    CallException::changedNothing,
                    deadline));
  }

  /** Makes a call with one request that changes nothing, and retries it. */
  public <Q, R> Future<List<R>> read(ServiceMethod<R, Q> method, Q request) {
    List<R> responses = new ArrayList<>();
    return read(method, call -> answers(call, request, responses), () -> !responses.isEmpty());
  }

  /**
   * Makes a call that changes nothing, and retries it when it ends UNAVAILABLE before its first
   * response. All attempts together have {@code deadlineMillis}.
   *
   * @param use runs each attempt; its Future completes when the attempt is done
   * @param answered returns true once a response has arrived
   */
  public <Q, R, T> Future<T> read(
      ServiceMethod<R, Q> method,
      Function<ClientCall<Q, R>, Future<T>> use,
      BooleanSupplier answered) {
    return deadline(0)
        .compose(
            deadline ->
                retry(
                    () -> start(servers.pick(), method, deadline).compose(use),
                    failure -> !answered.getAsBoolean(),
                    deadline));
  }

  private static <Q, R> Future<List<R>> answers(
      ClientCall<Q, R> call, Q request, List<R> responses) {
    Future<List<R>> collected = call.collect(responses);
    call.sendAll(List.of(request).iterator());
    return collected;
  }

  /** Retries at once while a server is healthy, else after the shortest backoff. */
  private <T> Future<T> retry(
      Supplier<Future<T>> attempt, Predicate<CallException> safe, Deadline deadline) {
    return retry(attempt, safe, deadline, servers.size() + RETRIES);
  }

  private <T> Future<T> retry(
      Supplier<Future<T>> attempt, Predicate<CallException> safe, Deadline deadline, int attempts) {
    return attempt
        .get()
        .recover(
            failure -> {
              long millis = servers.backoffMillis();
              return attempts > 1
                      && failure instanceof CallException call
                      && call.isTransient()
                      && safe.test(call)
                      && millis < deadline.leftMillis()
                  ? delay(millis).compose(later -> retry(attempt, safe, deadline, attempts - 1))
                  : Future.failedFuture(failure);
            });
  }

  private <Q, R> Future<ClientCall<Q, R>> start(
      Server server, ServiceMethod<R, Q> method, Deadline deadline) {
    return transport
        .call(server, method, deadline)
        .onSuccess(call -> started(server, call))
        .onFailure(failure -> server.failed());
  }

  private void started(Server server, ClientCall<?, ?> call) {
    called.add(server.address());
    server.callStarted();
    call.ended()
        .onComplete(
            end -> {
              server.callEnded();
              if (end.succeeded() || !CallException.isOfUnhealthyServer(end.cause())) {
                server.answered();
              } else {
                server.failed();
              }
            });
  }

  private Future<Deadline> deadline(long extraMillis) {
    return budget.isOver()
        ? Future.failedFuture(budget.exceeded("the calls of this client did not complete"))
        : Future.succeededFuture(budget.within(config.deadlineMillis() + extraMillis));
  }

  /** Returns and clears the servers called since the last time; empty with a single server. */
  public List<Address> takeCalled() {
    List<Address> since = servers.size() == 1 ? List.of() : List.copyOf(called);
    called.clear();
    return since;
  }

  /** Closes all connections, within {@value #CLOSE_MILLIS} milliseconds. */
  public Future<Void> close() {
    return Future.join(transport.close(), search.close())
        .timeout(CLOSE_MILLIS, TimeUnit.MILLISECONDS)
        .mapEmpty();
  }

  private Future<Void> delay(long millis) {
    return millis == 0
        ? Future.succeededFuture()
        : vertx.timer(millis, TimeUnit.MILLISECONDS).mapEmpty();
  }
}
