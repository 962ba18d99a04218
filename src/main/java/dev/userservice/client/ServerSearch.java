package dev.userservice.client;

import dev.userservice.config.Address;
import dev.userservice.console.StatusLine;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Tries to connect to addresses until one accepts. */
final class ServerSearch {

  private static final long RETRY_MILLIS = 100;

  private final Vertx vertx;
  private final NetClient net;
  private final int connectMillis;

  ServerSearch(Vertx vertx, int connectMillis) {
    this.vertx = vertx;
    this.net = vertx.createNetClient(new NetClientOptions().setConnectTimeout(connectMillis));
    this.connectMillis = connectMillis;
  }

  /**
   * Tries all addresses in turn until the time has passed, each at least once.
   *
   * @param line shows the wait, from the second round on
   * @return the first address that accepts a connection, or a {@link NoServerException}
   */
  Future<Address> find(List<Address> addresses, int waitMillis, StatusLine line) {
    String what = "a server at " + Address.list(addresses);
    AtomicBoolean announced = new AtomicBoolean();
    int maxSeconds = waitMillis / 1_000;
    long startNanos = System.nanoTime();
    return round(
            addresses,
            waitMillis,
            Deadline.in(waitMillis),
            () -> {
              if (maxSeconds == 0) {
                return;
              }
              if (!announced.getAndSet(true)) {
                line.plain("Waiting up to %d s for %s".formatted(maxSeconds, what));
              }
              long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
              line.redraw("Waiting, %d of %d s, for %s".formatted(seconds, maxSeconds, what));
            })
        .onComplete(end -> line.clear());
  }

  /**
   * Resolves host names. Returns each address once, with the first of its names, and unknown names
   * as they are.
   */
  Future<Map<Address, String>> resolve(List<Address> named) {
    return vertx.executeBlocking(
        () -> {
          Map<Address, String> all = new LinkedHashMap<>();
          for (Address address : named) {
            try {
              for (InetAddress one : InetAddress.getAllByName(address.host())) {
                all.putIfAbsent(new Address(one.getHostAddress(), address.port()), address.host());
              }
            } catch (UnknownHostException e) {
              all.putIfAbsent(address, address.host());
            }
          }
          return all;
        });
  }

  Future<Void> close() {
    return net.close();
  }

  private Future<Address> round(
      List<Address> addresses, int waitMillis, Deadline deadline, Runnable waits) {
    return next(addresses.iterator(), deadline)
        .recover(
            refused -> {
              if (deadline.isOver()) {
                return Future.failedFuture(noServer(addresses, waitMillis, refused));
              }
              waits.run();
              return vertx
                  .timer(RETRY_MILLIS, TimeUnit.MILLISECONDS)
                  .compose(again -> round(addresses, waitMillis, deadline, waits));
            });
  }

  private Future<Address> next(Iterator<Address> addresses, Deadline deadline) {
    Address address = addresses.next();
    long millis = Math.max(RETRY_MILLIS, deadline.within(connectMillis).leftMillis());
    Future<Address> answered =
        net.connect(address.port(), address.host())
            // Covers name resolution too, which precedes the connect timeout.
            .timeout(millis, TimeUnit.MILLISECONDS)
            // A reset is an answer too; without the handler Vert.x would log it.
            .compose(socket -> socket.exceptionHandler(reset -> {}).close().map(address));
    return addresses.hasNext() ? answered.recover(refused -> next(addresses, deadline)) : answered;
  }

  private static NoServerException noServer(
      List<Address> addresses, int waitMillis, Throwable refused) {
    String why =
        refused instanceof ConnectException || refused.getMessage() == null
            ? ""
            : " (" + refused.getMessage().lines().findFirst().orElse("") + ")";
    return new NoServerException(
        "no server answers at %s within %d ms%s"
            .formatted(Address.list(addresses), waitMillis, why));
  }
}
