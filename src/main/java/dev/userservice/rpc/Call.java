package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.common.CodecException;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.concurrent.TimeUnit;

/**
 * One call, from its headers to its status. It ends exactly once: with the status of its handler,
 * with one of ours when the caller breaks the protocol or its time is over, or without any when the
 * caller has gone.
 *
 * <p>All of it happens on the event loop of its connection.
 */
final class Call<Q, R> {

  /**
   * How long a caller has to half-close after its status, before it is told to stop sending, as RFC
   * 9113 section 8.1 has it. Told at once, it might lose the status: HAProxy makes a cancelled call
   * of the two together. This and {@link #LINGER_NANOS} start when {@link RpcServer} first looks.
   */
  private static final long HALF_CLOSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * How long a caller that does not read has for the status of a call that failed, before the
   * stream is reset and what was still to be sent is let go of. An answer that is good has all the
   * time that its reader takes.
   */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final Future<Void> TAKEN = Future.succeededFuture();

  private static final long NO_ERROR = 0x0;
  private static final long CANCEL = 0x8;

  private final GrpcServerRequest<Q, R> request;
  private final GrpcServerResponse<Q, R> response;
  private final FrameGate http;
  private final RpcMethod<Q, R> method;
  private final Failures failures;
  private final CallInfo info;
  private final boolean acceptsGzip;
  private final OpenCalls open;
  private final Outgoing outgoing;

  /** Where {@link OpenCalls} has it. */
  int place;

  private boolean endless;

  /** Whether large messages are compressed; the first one decides, as the headers say it. */
  private boolean compresses;

  private boolean over;
  private boolean failed;
  private boolean closed;
  private boolean statusSent;
  private long overAt;
  private long requestNanos = Long.MAX_VALUE;
  private Deadline deadline;
  private Handler<Throwable> onAbandoned = why -> {};

  Call(
      GrpcServerRequest<Q, R> request,
      FrameGate http,
      RpcMethod<Q, R> method,
      Failures failures,
      CallInfo info,
      boolean gzipResponses,
      OpenCalls open) {
    this.request = request;
    this.response = request.response();
    this.http = http;
    this.method = method;
    this.failures = failures;
    this.info = info;
    this.open = open;
    this.acceptsGzip =
        gzipResponses
            && http.version() == HttpVersion.HTTP_2
            && Gzip.isAccepted(http.getHeader(GrpcHeaderNames.GRPC_ACCEPT_ENCODING));
    this.outgoing = new Outgoing(response, http.response(), http.memory());
    http.memory().onExceeded(this::exceeded);
    // A caller can disappear in three ways, each reported by a different handler: a reset, a lost
    // connection, and a stream that is closed for any other reason.
    request.errorHandler(reset -> abandon());
    request.exceptionHandler(this::broken);
    http.response().closeHandler(end -> closed());
  }

  /** Marks a call that a shutdown ends, instead of waiting for it. */
  Call<Q, R> endless() {
    endless = true;
    return this;
  }

  /** Gives the caller a time in which its request has to be complete. */
  void awaitRequest() {
    requestNanos = method.requestNanos();
  }

  /** The request is complete. */
  void requestComplete() {
    requestNanos = Long.MAX_VALUE;
  }

  boolean isEndless() {
    return endless;
  }

  /** Applies what the headers and the interceptors say. */
  void begin() {
    if (acceptsGzip || info.hasResponseHeaders()) {
      http.response().headersEndHandler(headers -> finishHeaders());
    }
    deadline =
        Deadline.of(
            Vertx.currentContext().owner(),
            http.getHeader(GrpcHeaderNames.GRPC_TIMEOUT),
            this::fail);
  }

  /** Runs code of a handler; what it throws ends the call. */
  void guard(Runnable code) {
    try {
      code.run();
    } catch (Throwable failure) {
      fail(failure);
    }
  }

  Q decode(GrpcMessage message) {
    info.countReceived();
    try {
      return method.decode(message);
    } catch (CodecException malformed) {
      throw new RpcException(
          new RpcStatus(
              GrpcStatus.INTERNAL,
              "MALFORMED_MESSAGE",
              "a message is not of the type that " + info.method() + " takes"));
    }
  }

  /** Calls back when the call ends before its handler has ended it. */
  void onAbandoned(Handler<Throwable> handler) {
    onAbandoned = handler;
  }

  CallInfo info() {
    return info;
  }

  HttpConnection connection() {
    return info.connection();
  }

  boolean isOver() {
    return over;
  }

  GrpcServerRequest<Q, R> request() {
    return request;
  }

  /** Hands on no further message of the request until {@link #resume}. */
  void pause() {
    http.pause();
  }

  void resume() {
    http.resume();
  }

  CallMemory memory() {
    return http.memory();
  }

  /** What this call sends; full when its reader does not keep up. */
  Outgoing outgoing() {
    return outgoing;
  }

  /**
   * Sends a message of a stream.
   *
   * @return succeeds at once: of a caller that has gone the call is told in other ways, and to hear
   *     of each message that it is on its way would cost a measurable part of it
   */
  Future<Void> write(R message) {
    if (over) {
      return Future.failedFuture("the call is over");
    }
    GrpcMessage encoded = encode(message);
    if (!outgoing.write(encoded, !compresses)) {
      exceeded();
      return Future.failedFuture("the call is over");
    }
    return TAKEN;
  }

  /** Ends the call well, with its one response. */
  void respond(R message) {
    if (over) {
      return;
    }
    // First, so that an observer of the end has it counted.
    GrpcMessage encoded = encode(message);
    settle(GrpcStatus.OK);
    outgoing.answer(encoded);
    end();
  }

  /** Ends the call well, after the responses that have been written. */
  void succeed() {
    if (settle(GrpcStatus.OK)) {
      end();
    }
  }

  /** Ends the call with the status of a failure. */
  void fail(Throwable failure) {
    if (over) {
      return;
    }
    RpcStatus status = failures.status(failure, info.method());
    info.failed(status.reason());
    settle(status.code());
    // Not by statusMessage: Vert.x would encode it as a part of a URL.
    response.status(status.code());
    status.writeTo(response.trailers(), failures.domain());
    end();
    onAbandoned.handle(failure);
  }

  /** Decides how the call ends; false when that has been decided before. */
  private boolean settle(GrpcStatus status) {
    if (over) {
      return false;
    }
    over = true;
    failed = status != GrpcStatus.OK;
    if (deadline != null) {
      deadline.cancel();
    }
    if (http.version() != HttpVersion.HTTP_2) {
      // There the stream is the connection, and stays for the next call.
      open.remove(this);
      http.memory().close();
    }
    info.end(status);
    return true;
  }

  /**
   * Sends the status, once Vert.x does not have to queue it: it cannot let go of trailers in its
   * queue when the stream closes. A caller that does not read, and so would never get its status,
   * is cut off after a while if the call has failed.
   */
  private void end() {
    addTrailers();
    if (!http.response().headWritten()) {
      http.response().headersEndHandler(headers -> finishHeaders());
    }
    Future<Void> written = outgoing.flush();
    if (written.isComplete() || http.memory().isWritable()) {
      sent(response.end());
      return;
    }
    written.onSuccess(
        all -> {
          if (!closed) {
            sent(response.end());
          }
        });
  }

  /** What a caller still sends that has not half-closed is read and thrown away. */
  private void sent(Future<Void> status) {
    if (!http.isEnded()) {
      http.discard();
      status.onSuccess(sent -> statusSent = true);
    }
  }

  /**
   * Ends a call whose time is over, and frees the stream of one that is over, when its caller does
   * not do its part of that.
   */
  void release(long now, long nowMillis) {
    if (!over) {
      info.look();
      Throwable late = info.tooLate(nowMillis);
      if (late != null) {
        fail(late);
      } else if (info.nanos() >= requestNanos) {
        fail(method.requestTimeout());
      }
    } else if (overAt == 0) {
      // Near enough, and the many calls whose stream is gone by now do without the clock.
      overAt = now;
    } else if (statusSent && now - overAt >= HALF_CLOSE_NANOS) {
      http.response().reset(NO_ERROR);
    } else if (failed && now - overAt >= LINGER_NANOS) {
      http.response().reset(CANCEL);
    }
  }

  /** The memory of this caller, or of the server, does not have what the call needs. */
  private void exceeded() {
    fail(new RpcException(http.memory().refusal()));
  }

  private void addTrailers() {
    if (info.hasResponseTrailers()) {
      response.trailers().addAll(info.responseTrailers());
    }
  }

  private void closed() {
    closed = true;
    abandon();
    if (http.version() == HttpVersion.HTTP_2) {
      open.remove(this);
    }
  }

  /** A frame that is no frame ends the call with a status; anything else is a lost connection. */
  private void broken(Throwable failure) {
    if (failure instanceof RpcException) {
      fail(failure);
    } else {
      abandon();
    }
  }

  private void abandon() {
    if (settle(GrpcStatus.CANCELLED)) {
      onAbandoned.handle(
          new RpcException(
              new RpcStatus(GrpcStatus.CANCELLED, "CANCELLED", "the caller has gone")));
    }
  }

  private GrpcMessage encode(R message) {
    GrpcMessage encoded = method.encode(message);
    boolean large = encoded.payload().length() >= Gzip.WORTHWHILE_BYTES;
    if (info.sent() == 0) {
      compresses = acceptsGzip && large;
    }
    info.countSent();
    return compresses && large
        ? GrpcMessage.message(Gzip.NAME, Gzip.deflate(encoded.payload()))
        : encoded;
  }

  /**
   * The last word on the response headers. Vert.x adds content-length: 0 to an answer without
   * messages; beside trailers it is wrong, and a proxy that believes it drops the status.
   *
   * <p>The encoding is named only if a compressed message follows: clients of gRPC 1.51 crash when
   * an answer to their own health check names one.
   */
  private void finishHeaders() {
    MultiMap headers = http.response().headers();
    if (info.hasResponseHeaders()) {
      headers.addAll(info.responseHeaders());
    }
    if (http.version() == HttpVersion.HTTP_2) {
      headers.remove(HttpHeaders.CONTENT_LENGTH);
    }
    // A call that has failed before its headers has no message.
    if (compresses && !failed) {
      headers.set(GrpcHeaderNames.GRPC_ENCODING, Gzip.NAME);
    }
  }
}
