package dev.userservice.compare;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Makes single requests and reads all of the answer, trailers too: h2load, which takes each status
 * 200 for a success, is only let loose on what has been looked at here.
 */
final class Exchange implements AutoCloseable {

  /** The connections to a server, with one call on each at a time. */
  private static final int CONNECTIONS = 4;

  private final Vertx vertx;
  private final HttpClient client;
  private final int port;
  private final boolean tls;

  Exchange(Vertx vertx, int port, boolean tls) {
    this(vertx, port, tls, CONNECTIONS);
  }

  /**
   * @param connections the max number of connections
   */
  Exchange(Vertx vertx, int port, boolean tls, int connections) {
    this.vertx = vertx;
    this.port = port;
    this.tls = tls;
    HttpClientOptions options =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setHttp2ClearTextUpgrade(false)
            .setConnectTimeout(2_000)
            .setHttp2MultiplexingLimit(1);
    if (tls) {
      options.setSsl(true).setUseAlpn(true).setTrustAll(true).setVerifyHost(false);
    }
    client = vertx.createHttpClient(options, new PoolOptions().setHttp2MaxSize(connections));
  }

  /**
   * The answer of a server.
   *
   * @param grpcStatus empty when there was none
   */
  record Answer(int httpStatus, String grpcStatus, Buffer body) {

    /** Fails when it is not what stands for success in this protocol. */
    Answer orFail(Peer.Protocol protocol) {
      boolean good =
          switch (protocol) {
            case GRPC -> httpStatus == 200 && grpcStatus.equals("0");
            case JSON, REST, BYTES -> httpStatus == 200 || httpStatus == 201;
          };
      if (!good) {
        throw new IllegalStateException(
            "answered HTTP " + httpStatus + ", grpc-status " + grpcStatus);
      }
      return this;
    }
  }

  Future<Answer> ask(Request request) {
    return onEventLoop(() -> client.request(options(request)).compose(call -> answer(call, request)));
  }

  /**
   * Asks on a new connection, which is closed then. For one call at a time.
   *
   * @param opened gets the connection before the answer
   */
  Future<Answer> askAndClose(Request request, Consumer<HttpConnection> opened) {
    return onEventLoop(
        () ->
            client
                .request(options(request))
                .compose(
                    call -> {
                      opened.accept(call.connection());
                      return answer(call, request)
                          .compose(answer -> call.connection().close().map(answer));
                    }));
  }

  /** All of it on an event loop: another thread might ask for the body when it has gone by. */
  private Future<Answer> onEventLoop(Supplier<Future<Answer>> asking) {
    Promise<Answer> answer = Promise.promise();
    vertx.runOnContext(begin -> asking.get().onComplete(answer));
    return answer.future();
  }

  private RequestOptions options(Request request) {
    RequestOptions options =
        new RequestOptions()
            .setHost("127.0.0.1")
            .setPort(port)
            .setSsl(tls)
            .setURI(request.path())
            .setMethod(request.body() == null ? HttpMethod.GET : HttpMethod.POST);
    request.headers().forEach(options::putHeader);
    return options;
  }

  private static Future<Answer> answer(HttpClientRequest call, Request request) {
    Future<HttpClientResponse> sent =
        request.body() == null ? call.send() : call.send(request.body());
    return sent.compose(response -> response.body().map(body -> answer(response, body)));
  }

  private static Answer answer(HttpClientResponse response, Buffer body) {
    String status = response.getTrailer("grpc-status");
    if (status == null) {
      status = response.getHeader("grpc-status");
    }
    return new Answer(response.statusCode(), status == null ? "" : status, body);
  }

  @Override
  public void close() {
    client.close();
  }
}
