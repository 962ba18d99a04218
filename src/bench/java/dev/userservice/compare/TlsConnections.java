package dev.userservice.compare;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls that each open a TLS connection and close it. Each caller resumes the session of its
 * connection before, as a client does that comes back; how many did is measured.
 */
final class TlsConnections implements Generator {

  private static final int WARM_UP_CALLS = 200;
  private static final long DEADLINE_SECONDS = 120;

  private final Vertx vertx;

  TlsConnections(Vertx vertx) {
    this.vertx = vertx;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    Request request = Request.getUser().with(server.peer().headers());
    List<Caller> callers = new ArrayList<>();
    try {
      for (int i = 0; i < load.inFlight(); i++) {
        callers.add(new Caller(vertx, server.port(), request));
      }
      WarmUp warmUp = new WarmUp(server, load, seconds);
      double rate;
      do {
        rate = rate(callers, WARM_UP_CALLS);
        warmUp.made(WARM_UP_CALLS);
      } while (!warmUp.isOver());
      int calls = (int) Math.max(WARM_UP_CALLS, rate * seconds);
      callers.forEach(caller -> caller.resumed = 0);
      double before = server.cpuSeconds();
      rate = rate(callers, calls);
      double cpuSeconds = server.cpuSeconds() - before;
      int resumed = callers.stream().mapToInt(caller -> caller.resumed).sum();
      return new Measured(
          calls, calls / rate, cpuSeconds, Map.of("resumed %", 100.0 * resumed / calls));
    } finally {
      callers.forEach(Caller::close);
    }
  }

  private static double rate(List<Caller> callers, int calls) throws Exception {
    AtomicInteger left = new AtomicInteger(calls);
    long start = System.nanoTime();
    List<Future<Void>> running = callers.stream().map(caller -> caller.callAll(left)).toList();
    Future.all(running).await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    return calls * 1e9 / (System.nanoTime() - start);
  }

  /** A client with its own cache of TLS sessions, and one connection at a time. */
  private static final class Caller {

    private final Vertx vertx;
    private final Request request;
    private final RequestOptions options;
    private final HttpClient client;
    private volatile int resumed;

    Caller(Vertx vertx, int port, Request request) {
      this.vertx = vertx;
      this.request = request;
      options =
          new RequestOptions()
              .setHost("127.0.0.1")
              .setPort(port)
              .setSsl(true)
              .setURI(request.path())
              .setMethod(HttpMethod.POST);
      request.headers().forEach(options::putHeader);
      client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setSsl(true)
                  .setUseAlpn(true)
                  .setTrustAll(true)
                  .setVerifyHost(false),
              new PoolOptions().setHttp2MaxSize(1));
    }

    /** Makes calls until none is left. */
    Future<Void> callAll(AtomicInteger left) {
      // All of it on an event loop: another thread might ask for the end when it has gone by.
      Promise<Void> done = Promise.promise();
      vertx.runOnContext(begin -> callOn(left).onComplete(done));
      return done.future();
    }

    private Future<Void> callOn(AtomicInteger left) {
      return left.getAndDecrement() <= 0
          ? Future.succeededFuture()
          : call().compose(answered -> callOn(left));
    }

    private Future<Void> call() {
      long start = System.currentTimeMillis();
      return client
          .request(options)
          .compose(
              call -> {
                count(call, start);
                return call.send(request.body())
                    .compose(response -> response.end().map(end -> check(response)))
                    .compose(good -> call.connection().close());
              });
    }

    /** A resumed session was created by a connection before. */
    private void count(HttpClientRequest call, long start) {
      if (call.connection().sslSession().getCreationTime() < start) {
        resumed++;
      }
    }

    private static Void check(HttpClientResponse response) {
      if (!"0".equals(response.getTrailer("grpc-status"))) {
        throw new IllegalStateException(
            "answered grpc-status " + response.getTrailer("grpc-status"));
      }
      return null;
    }

    void close() {
      client.close();
    }
  }
}
