package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Demo;
import dev.userservice.kit.Waits;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.NetSocket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Peers that are not a gRPC server, or stop being one: each call ends in bounded time, explained.
 */
class NotGrpcTest {

  private static final byte[] ALICE = ForeignServer.alice(1).toByteArray();

  private static final byte[] JOHN =
      ForeignServer.user(6, "John Doe", "john.doe@example.com", 32).toByteArray();

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void silentPeer() {
    Demo demo = run(300, tcp(socket -> {}), "get", "chat");

    assertThat(demo.failure())
        .matches(
            "scenario 1 \\(get\\) failed: DEADLINE_EXCEEDED: 127.0.0.1:\\d+ accepts connections, but did not speak HTTP/2 within 300 ms");
    assertThat(demo.shown()).contains("0/2 scenarios passed");
  }

  @Test
  void peerThatCloses() {
    assertThat(failure(tcp(NetSocket::close))).contains("UNAVAILABLE: no connection to 127.0.0.1:");
  }

  @Test
  void http1Server() {
    int port =
        tcp(
            socket ->
                socket.handler(
                    bytes -> socket.end(Buffer.buffer("HTTP/1.1 400 Bad Request\r\n\r\n"))));

    assertThat(failure(port))
        .contains(
            "UNAVAILABLE: 127.0.0.1:",
            "does not answer as a gRPC server: it does not speak HTTP/2");
  }

  @Test
  void http2Server_withoutTheMethodsPath() {
    int port =
        http(
            request ->
                request
                    .response()
                    .setStatusCode(404)
                    .putHeader("content-type", "text/html")
                    .end("<h1>Not here</h1>"));

    assertThat(failure(port))
        .endsWith("UNIMPLEMENTED: the peer is not a gRPC server: HTTP 404, content-type text/html");
  }

  @Test
  void proxy_withoutAServerBehindIt() {
    int port = http(request -> request.response().setStatusCode(503).end());

    assertThat(failure(port)).contains("UNAVAILABLE", "HTTP 503, without content-type");
  }

  @Test
  void answer_withoutAStatus() {
    assertThat(failure(grpc(response -> response.end(frame(ALICE)))))
        .endsWith("INTERNAL: the answer was cut off: it ended without a status");
  }

  @Test
  void answer_cutInTheMiddleOfAMessage() {
    int port =
        grpc(
            response ->
                response
                    .putTrailer("grpc-status", "0")
                    .end(frame(ALICE).getBuffer(0, ALICE.length)));

    assertThat(failure(port))
        .endsWith("INTERNAL: the answer was cut off: it ended within a message");
  }

  @Test
  void answer_thatDoesNotMatchTheContract() {
    int port =
        grpc(
            response ->
                response.putTrailer("grpc-status", "0").end(frame("no protobuf".getBytes())));

    assertThat(failure(port)).endsWith("INTERNAL: a message does not match the contract");
  }

  @Test
  void answer_twice() {
    int port =
        grpc(
            response ->
                response
                    .putTrailer("grpc-status", "0")
                    .end(frame(ALICE).appendBuffer(frame(ALICE))));

    assertThat(failure(port)).endsWith("expected one response, but got 2");
  }

  @Test
  void stream_resetBeforeAndAfterTheHeaders() {
    assertThat(failure(http(request -> request.response().reset(2))))
        .endsWith("INTERNAL: the server reset the call without a status");

    assertThat(failure(grpc(response -> response.writeHead().onSuccess(sent -> response.reset(7)))))
        .endsWith("UNAVAILABLE: the server reset the call without a status");
  }

  @Test
  void stream_cancelledByTheServer_isNotTheDeadline() {
    assertThat(failure(grpc(response -> response.writeHead().onSuccess(sent -> response.reset(8)))))
        .endsWith("CANCELLED: the server reset the call without a status");
  }

  @Test
  void connection_lostBeforeAndAfterTheHeaders() {
    assertThat(failure(http(request -> request.connection().close())))
        .contains("UNAVAILABLE: the connection was lost before the call ended");

    int port =
        http(
            request ->
                request
                    .response()
                    .putHeader("content-type", "application/grpc")
                    .write(frame(ALICE))
                    .onSuccess(sent -> request.connection().close()));
    for (String scenario : new String[] {"get", "list", "batch", "chat"}) {
      assertThat(run(10_000, port, scenario).failure())
          .contains("UNAVAILABLE: the connection was lost before the call ended");
    }
  }

  @Test
  void connection_endedBeforeTheCallWasProcessed_retriesTheCall() {
    assertThat(goesAwayOnce(1).failure()).isNull();
  }

  @Test
  void connection_endedWhileTheCallWasProcessed_doesNotRetryACreate() {
    assertThat(goesAwayOnce(3).failure())
        .contains("UNAVAILABLE: the connection was lost before the call ended");
  }

  /** Closes at a create, which is stream 3 of its connection: the first is the health check. */
  private Demo goesAwayOnce(int lastStream) {
    AtomicInteger creates = new AtomicInteger();
    int port =
        http(
            request -> {
              boolean create = request.path().endsWith("CreateUser");
              if (create && creates.getAndIncrement() == 0) {
                request.connection().goAway(0, lastStream, Buffer.buffer("going away"));
                request.connection().close();
              } else {
                request
                    .response()
                    .putHeader("content-type", "application/grpc")
                    .putTrailer("grpc-status", create ? "0" : "12")
                    .end(create ? frame(JOHN) : Buffer.buffer());
              }
            });
    return run(10_000, port, "create");
  }

  @Test
  void stream_thatStopsMidway_isEndedByTheDeadline() {
    int port = grpc(response -> response.write(frame(ALICE)));

    for (String scenario : new String[] {"get", "list", "batch", "chat"}) {
      assertThat(run(300, port, scenario).failure())
          .containsPattern("DEADLINE_EXCEEDED: did not complete within 300 ms");
    }
  }

  private String failure(int port) {
    return run(10_000, port, "get").failure();
  }

  /** With any peer, a run takes little longer than the deadlines of its calls. */
  private Demo run(int deadlineMillis, int port, String... scenarios) {
    long start = System.nanoTime();
    Demo demo = Demo.run(vertx, Demo.config(port, scenarios).put("deadlineMillis", deadlineMillis));
    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
        .isLessThan((long) deadlineMillis * scenarios.length + 5_000);
    return demo;
  }

  private int tcp(Handler<NetSocket> handler) {
    return vertx
        .createNetServer()
        .connectHandler(handler)
        .listen(0, "127.0.0.1")
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await()
        .actualPort();
  }

  private int http(Handler<HttpServerRequest> handler) {
    return vertx
        .createHttpServer(new HttpServerOptions())
        .requestHandler(handler)
        .listen(0, "127.0.0.1")
        .map(HttpServer::actualPort)
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }

  private int grpc(Handler<HttpServerResponse> handler) {
    return http(
        request ->
            handler.handle(request.response().putHeader("content-type", "application/grpc")));
  }

  private static Buffer frame(byte[] message) {
    return Buffer.buffer().appendByte((byte) 0).appendInt(message.length).appendBytes(message);
  }
}
