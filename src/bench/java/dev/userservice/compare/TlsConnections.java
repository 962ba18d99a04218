package dev.userservice.compare;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Calls that each open a TLS connection and close it. Each caller resumes the session of its
 * connection before, as a client does that comes back; how many did is measured.
 */
final class TlsConnections implements Generator {

  private static final int WARM_UP_CALLS = 200;

  private final Vertx vertx;

  TlsConnections(Vertx vertx) {
    this.vertx = vertx;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    AtomicInteger resumed = new AtomicInteger();
    // Each has its own cache of TLS sessions.
    List<Exchange> clients = new ArrayList<>();
    try {
      for (int i = 0; i < load.inFlight(); i++) {
        clients.add(new Exchange(vertx, server.port(), true, 1));
      }
      List<Supplier<Future<Void>>> callers =
          clients.stream().map(client -> caller(client, server.peer(), resumed)).toList();
      WarmUp warmUp = new WarmUp(server, load, seconds);
      double rate;
      do {
        rate = CallLoop.rate(callers, WARM_UP_CALLS);
        warmUp.made(WARM_UP_CALLS);
      } while (!warmUp.isOver());
      int calls = (int) Math.max(WARM_UP_CALLS, rate * seconds);
      resumed.set(0);
      double before = server.cpuSeconds();
      rate = CallLoop.rate(callers, calls);
      double cpuSeconds = server.cpuSeconds() - before;
      return new Measured(
          calls, calls / rate, cpuSeconds, Map.of("resumed %", 100.0 * resumed.get() / calls));
    } finally {
      clients.forEach(Exchange::close);
    }
  }

  private static Supplier<Future<Void>> caller(Exchange client, Peer peer, AtomicInteger resumed) {
    Request request = Request.getUser().with(peer.headers());
    return () -> {
      long start = System.currentTimeMillis();
      return client
          .askAndClose(
              request,
              opened -> {
                if (isResumed(opened, start)) {
                  resumed.incrementAndGet();
                }
              })
          .map(answer -> answer.orFail(peer.protocol()))
          .mapEmpty();
    };
  }

  /** A resumed session was created by a connection before. */
  private static boolean isResumed(HttpConnection connection, long start) {
    return connection.sslSession().getCreationTime() < start;
  }
}
