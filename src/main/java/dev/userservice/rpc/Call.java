package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.streams.Pipe;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.common.CodecException;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * One call, from its headers to its status. It ends exactly once: with the status of its handler,
 * with one of ours when the caller breaks the protocol, or without any when the caller has gone.
 *
 * <p>All of it happens on the event loop of its connection.
 */
final class Call<Q, R> {

  /**
   * How long a caller that does not read has for the status that ends its call, before the stream
   * is reset and what was still to be sent is let go of.
   */
  private static final long LINGER_MILLIS = 5_000;

  private static final long NO_ERROR = 0x0;
  private static final long CANCEL = 0x8;

  private final GrpcServerRequest<Q, R> request;
  private final GrpcServerResponse<Q, R> response;
  private final FrameGate http;
  private final ServiceMethod<Q, R> method;
  private final Failures failures;
  private Future<Void> lastWrite = Future.succeededFuture();
  private boolean over;
  private boolean closed;
  private Long lingering;
  private Handler<Throwable> onAbandoned = why -> {};

  Call(
      GrpcServerRequest<Q, R> request,
      FrameGate http,
      ServiceMethod<Q, R> method,
      Failures failures) {
    this.request = request;
    this.response = request.response();
    this.http = http;
    this.method = method;
    this.failures = failures;
    // A caller goes in three ways, and each is told elsewhere: a reset, a lost connection, and
    // a stream that is closed for any other reason.
    request.errorHandler(reset -> abandon());
    request.exceptionHandler(this::broken);
    http.response().closeHandler(closed -> closed());
  }

  void unary(Function<Q, Future<R>> handler) {
    single(message -> handler.apply(message).onComplete(this::respond, this::fail));
  }

  void serverStreaming(Function<Q, ReadStream<R>> handler) {
    single(
        message -> {
          Pipe<R> pipe = handler.apply(message).pipe().endOnComplete(false);
          onAbandoned = why -> pipe.close();
          pipe.to(new ResponseStream<>(this)).onComplete(done -> succeed(), this::fail);
        });
  }

  void clientStreaming(Function<ReadStream<Q>, Future<R>> handler) {
    handler.apply(requests()).onComplete(this::respond, this::fail);
  }

  void bidirectional(BiFunction<ReadStream<Q>, WriteStream<R>, Future<Void>> handler) {
    handler.apply(requests(), new ResponseStream<>(this)).onComplete(done -> succeed(), this::fail);
  }

  private ReadStream<Q> requests() {
    RequestStream<Q> requests = new RequestStream<>(this);
    onAbandoned = requests::fail;
    return requests;
  }

  /** Hands on the one message of a call that has exactly one, once the caller has half-closed. */
  private void single(Handler<Q> handler) {
    var only =
        new Object() {
          Q message;
        };
    request.messageHandler(
        message -> {
          if (only.message != null) {
            fail(wrongCount("more than one"));
          } else {
            guard(() -> only.message = decode(message));
          }
        });
    request.endHandler(
        end -> {
          if (only.message == null) {
            fail(wrongCount("none"));
          } else if (!over) {
            guard(() -> handler.handle(only.message));
          }
        });
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
    try {
      return method.decoder().decode(message);
    } catch (CodecException malformed) {
      throw new RpcException(
          new RpcStatus(
              GrpcStatus.INTERNAL,
              "MALFORMED_MESSAGE",
              "a message is not of the type that " + method.fullMethodName() + " takes"));
    }
  }

  boolean isOver() {
    return over;
  }

  GrpcServerRequest<Q, R> request() {
    return request;
  }

  GrpcServerResponse<Q, R> response() {
    return response;
  }

  /** Sends a message of a stream. */
  Future<Void> write(R message) {
    if (over) {
      return Future.failedFuture("the call is over");
    }
    lastWrite = response.write(message);
    return lastWrite;
  }

  private void respond(R message) {
    if (!over) {
      over = true;
      sent(response.end(message));
    }
  }

  void succeed() {
    if (!over) {
      over = true;
      end();
    }
  }

  void fail(Throwable failure) {
    if (over) {
      return;
    }
    over = true;
    RpcStatus status = failures.status(failure, request.fullMethodName());
    response.status(status.code()).statusMessage(status.message());
    response.trailers().set("grpc-status-details-bin", status.detailsTrailer(failures.domain()));
    end();
    onAbandoned.handle(failure);
  }

  /**
   * Sends the status, once all messages before it are on their way: Vert.x cannot let go of
   * trailers that it has queued when the stream closes under them. A caller that does not read, and
   * so would not get its status for ever, is cut off after a while.
   */
  private void end() {
    keepContentLengthOut();
    if (lastWrite.isComplete()) {
      sent(response.end());
      return;
    }
    lingering =
        Vertx.currentContext()
            .owner()
            .setTimer(LINGER_MILLIS, late -> http.response().reset(CANCEL));
    lastWrite.onSuccess(
        written -> {
          if (!closed) {
            sent(response.end());
          }
        });
  }

  /**
   * Frees the stream once the status is sent: a caller that has not half-closed is told to stop
   * sending, as RFC 9113 section 8.1 has it.
   */
  private void sent(Future<Void> status) {
    status.onSuccess(
        sent -> {
          if (http.version() == HttpVersion.HTTP_2 && !http.isEnded()) {
            http.response().reset(NO_ERROR);
          }
        });
  }

  private void closed() {
    closed = true;
    if (lingering != null) {
      Vertx.currentContext().owner().cancelTimer(lingering);
    }
    abandon();
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
    if (!over) {
      over = true;
      onAbandoned.handle(
          new RpcException(
              new RpcStatus(GrpcStatus.CANCELLED, "CANCELLED", "the caller has gone")));
    }
  }

  /**
   * Vert.x adds content-length: 0 to an answer without messages. Beside trailers it is wrong, and a
   * proxy that believes it drops the status.
   */
  private void keepContentLengthOut() {
    if (http.version() == HttpVersion.HTTP_2 && !http.response().headWritten()) {
      http.response()
          .headersEndHandler(
              headers -> http.response().headers().remove(HttpHeaders.CONTENT_LENGTH));
    }
  }

  private RpcException wrongCount(String count) {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.INTERNAL,
            "WRONG_MESSAGE_COUNT",
            method.fullMethodName() + " takes exactly one message, but " + count + " came"));
  }
}
