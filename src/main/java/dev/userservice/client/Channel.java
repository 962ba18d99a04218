package dev.userservice.client;

import dev.userservice.config.Address;
import dev.userservice.config.ClientConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.common.ServiceMethod;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The way to a server: finds one that answers, and opens calls to it. */
public final class Channel {

  private static final int CONNECT_MILLIS = 1_000;
  private static final long RETRY_MILLIS = 100;

  private final Vertx vertx;
  private final ClientConfig config;
  private final GrpcClient grpc;
  private final NetClient probe;
  private Address server;

  public Channel(Vertx vertx, ClientConfig config) {
    this.vertx = vertx;
    this.config = config;
    HttpClientOptions http =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            // By upgrade, a first call that streams would wait for ever.
            .setHttp2ClearTextUpgrade(false)
            .setConnectTimeout(CONNECT_MILLIS);
    // A call that is late is ended by us, as what it is; the client would call it cancelled.
    GrpcClientOptions options = new GrpcClientOptions().setScheduleDeadlineAutomatically(false);
    this.grpc = GrpcClient.builder(vertx).with(http).with(options).build();
    this.probe = vertx.createNetClient(new NetClientOptions().setConnectTimeout(CONNECT_MILLIS));
  }

  /**
   * Waits until one of the addresses answers, and uses that one.
   *
   * @return the address; fails with a {@link ScenarioException} when none has answered in time
   */
  public Future<Address> findServer() {
    long giveUp = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(config.waitMillis());
    return tryAll(giveUp).onSuccess(found -> server = found);
  }

  private Future<Address> tryAll(long giveUp) {
    return tryNext(config.addresses().iterator())
        .recover(
            refused -> {
              if (System.nanoTime() >= giveUp) {
                return Future.failedFuture(nobody(config.addresses()));
              }
              return vertx
                  .timer(RETRY_MILLIS, TimeUnit.MILLISECONDS)
                  .compose(again -> tryAll(giveUp));
            });
  }

  private Future<Address> tryNext(Iterator<Address> addresses) {
    Address address = addresses.next();
    Future<Address> answered =
        probe
            .connect(address.port(), address.host())
            .compose(socket -> socket.close().map(address));
    return addresses.hasNext() ? answered.recover(refused -> tryNext(addresses)) : answered;
  }

  private ScenarioException nobody(List<Address> addresses) {
    return new ScenarioException(
        "no server answers at %s within %d ms%nStart one with \"java -jar target/user-service.jar\", or name another in \"addresses\" of the --conf file or in USER_CLIENT_ADDRESSES"
            .formatted(
                String.join(", ", addresses.stream().map(Address::toString).toList()),
                config.waitMillis()));
  }

  /**
   * Starts a call with the deadline of the configuration.
   *
   * @return the call; it tells by itself how it ends, so only the opening can fail here
   */
  <Q, R> Future<ClientCall<Q, R>> open(ServiceMethod<R, Q> method) {
    return grpc.request(SocketAddress.inetSocketAddress(server.port(), server.host()), method)
        .map(request -> new ClientCall<>(vertx, request, config.deadlineMillis()))
        .recover(
            failure ->
                Future.failedFuture(
                    ClientCall.lost(server + " does not answer as a gRPC server", failure)));
  }

  /** Makes a call that has one request and one response. */
  <Q, R> Future<R> one(ServiceMethod<R, Q> method, Q request) {
    List<R> responses = new ArrayList<>();
    return open(method)
        .compose(
            call -> {
              call.handler(responses::add);
              return call.sendLast(request).compose(sent -> call.ended());
            })
        .map(
            end -> {
              Scenario.expect(responses.size() == 1, "one response", responses.size());
              return responses.get(0);
            });
  }

  Address server() {
    return server;
  }

  /** Waits as long as the configuration asks for between two steps. */
  Future<Void> pause() {
    return config.pauseMillis() == 0
        ? Future.succeededFuture()
        : vertx.timer(config.pauseMillis(), TimeUnit.MILLISECONDS).mapEmpty();
  }

  /** Closes all connections. */
  public Future<Void> close() {
    return grpc.close().eventually(probe::close);
  }
}
