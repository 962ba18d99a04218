package dev.userservice.client;

import dev.userservice.config.Address;
import dev.userservice.config.ClientConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The way to a server: finds one that answers, and opens calls to it. Everything that waits here
 * ends by itself, and all of it together within {@value #ALL_MILLIS} milliseconds of the creation.
 */
public final class Channel {

  /** The launcher gives a deployment two minutes; some are left for closing and for the JVM. */
  private static final long ALL_MILLIS = 100_000;

  private static final int CONNECT_MILLIS = 1_000;
  private static final long CLOSE_MILLIS = 5_000;

  private final Vertx vertx;
  private final ClientConfig config;
  private final HttpClient http;
  private final ServerSearch search;
  private final Deadline all = Deadline.in(ALL_MILLIS);
  private Address server;

  public Channel(Vertx vertx, ClientConfig config) {
    this.vertx = vertx;
    this.config = config;
    this.http =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                // By upgrade, a first call that streams would wait for ever.
                .setHttp2ClearTextUpgrade(false)
                .setConnectTimeout(CONNECT_MILLIS));
    this.search = new ServerSearch(vertx, CONNECT_MILLIS);
  }

  /**
   * Waits until one of the addresses accepts connections, and uses that one. Of several that do at
   * once it is the first in the configuration.
   *
   * @return the address; fails with a {@link ScenarioException} when there is none within {@code
   *     waitMillis}
   */
  public Future<Address> findServer() {
    return search.find(config.addresses(), config.waitMillis()).onSuccess(found -> server = found);
  }

  /** Starts a call that has {@code deadlineMillis} to end, connecting included. */
  <Q, R> Future<ClientCall<Q, R>> open(ServiceMethod<R, Q> method) {
    return open(method, 0);
  }

  /**
   * Starts a call.
   *
   * @param pauses how many pauses the caller is going to make in it; they are added to its time
   * @return the call; it tells by itself how it ends. Fails with a {@link CallException} when there
   *     is no connection, or not in time
   */
  <Q, R> Future<ClientCall<Q, R>> open(ServiceMethod<R, Q> method, int pauses) {
    if (all.over()) {
      return Future.failedFuture(
          new ScenarioException(
              "not tried: the scenarios before it took the %d s that there are for all"
                  .formatted(TimeUnit.MILLISECONDS.toSeconds(ALL_MILLIS))));
    }
    Deadline deadline = all.within(config.deadlineMillis() + (long) pauses * config.pauseMillis());
    Evidence evidence = new Evidence(http);
    SocketAddress address = SocketAddress.inetSocketAddress(server.port(), server.host());
    return GrpcClient.client(vertx, evidence)
        .request(address, evidence.watch(method))
        // A peer that accepts the connection and then says nothing would be waited for for ever.
        .timeout(deadline.leftMillis(), TimeUnit.MILLISECONDS)
        .recover(failure -> Future.failedFuture(notConnected(failure, deadline)))
        .map(request -> new ClientCall<>(vertx, request, evidence, deadline));
  }

  /** Makes a call that has one request. */
  <Q, R> Future<List<R>> ask(ServiceMethod<R, Q> method, Q request) {
    return open(method)
        .compose(
            call -> {
              List<R> responses = new ArrayList<>();
              call.handler(responses::add).sendAll(List.of(request).iterator());
              return call.ended().map(responses);
            });
  }

  Address server() {
    return server;
  }

  /** Waits as long as the configuration asks for between two steps. */
  Future<Void> pause() {
    return config.pauseMillis() == 0 || all.over()
        ? Future.succeededFuture()
        : vertx
            .timer(all.within(config.pauseMillis()).leftMillis(), TimeUnit.MILLISECONDS)
            .mapEmpty();
  }

  /** Closes all connections, in {@value #CLOSE_MILLIS} milliseconds at most. */
  public Future<Void> close() {
    return Future.join(http.close(), search.close())
        .timeout(CLOSE_MILLIS, TimeUnit.MILLISECONDS)
        .mapEmpty();
  }

  private CallException notConnected(Throwable failure, Deadline deadline) {
    if (failure instanceof TimeoutException) {
      return deadline.exceeded(
          "%s accepts connections, but did not speak HTTP/2".formatted(server));
    }
    String why = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    // The words of Netty for an answer in HTTP/1, or in no HTTP at all.
    boolean noHttp2 = why.startsWith("First received frame was not SETTINGS");
    return CallException.here(
        GrpcStatus.UNAVAILABLE,
        noHttp2
            ? server + " does not answer as a gRPC server: this is no HTTP/2 in plaintext"
            : "no connection to " + server + ": " + why);
  }
}
