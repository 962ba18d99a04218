package dev.userservice.client;

import io.netty.handler.codec.http2.Http2Exception;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.StreamResetException;
import io.vertx.grpc.common.GrpcError;
import io.vertx.grpc.common.GrpcErrorException;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.WireFormat;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * One call of any of the four kinds, over one HTTP request. {@link #ended} completes at its
 * deadline at the latest. Messages sent after the end are dropped.
 */
public final class ClientCall<Q, R> {

  private static final long REASON_MILLIS = 100;

  private final Vertx vertx;
  private final HttpClientRequest request;
  private final ServiceMethod<R, Q> method;
  private final ToIntFunction<HttpClientRequest> lastStream;
  private final Deadline deadline;
  private final Promise<Void> ended = Promise.promise();
  private Handler<R> handler = message -> {};
  private MessageReader<R> reader;
  private HttpClientResponse answer;
  private boolean hasBody;

  /**
   * @param request an unsent request for this call alone, with all headers but grpc-timeout
   * @param lastStream returns the last stream of the connection that the server processes (RFC
   *     9113, 6.8), or the max int while it accepts streams
   */
  ClientCall(
      Vertx vertx,
      HttpClientRequest request,
      ServiceMethod<R, Q> method,
      ToIntFunction<HttpClientRequest> lastStream,
      Deadline deadline) {
    this.vertx = vertx;
    this.request = request;
    this.method = method;
    this.lastStream = lastStream;
    this.deadline = deadline;
    long left = deadline.leftMillis();
    long timer = vertx.setTimer(left, late -> ended.tryFail(deadline.exceeded("did not complete")));
    ended
        .future()
        .onComplete(
            end -> {
              vertx.cancelTimer(timer);
              // Without effect when both sides have ended.
              request.reset(GrpcError.CANCELLED.http2ResetCode);
            });
    request.setChunked(true).putHeader("grpc-timeout", left + "m").exceptionHandler(this::lost);
    request.response().onComplete(this::answered, this::lost);
  }

  /** Sets the receiver of responses; call it before the first {@link #send}. */
  public ClientCall<Q, R> handler(Handler<R> handler) {
    this.handler = handler;
    return this;
  }

  /**
   * Collects the response of a unary call, in place of a handler. A second response cancels it.
   *
   * @return {@code responses}, or the failure of {@link #ended}
   */
  public Future<List<R>> collect(List<R> responses) {
    handler(
        message -> {
          responses.add(message);
          if (responses.size() > 1) {
            cancel();
          }
        });
    return ended()
        .recover(
            failure ->
                responses.size() > 1 ? Future.succeededFuture() : Future.failedFuture(failure))
        .map(collected -> responses);
  }

  /** Sends a message without flow control: for callers that wait for an answer to each. */
  public void send(Q message) {
    if (!isOver()) {
      Buffer bytes = method.encoder().encode(message, WireFormat.PROTOBUF).payload();
      Buffer frame = Buffer.buffer().appendByte((byte) 0).appendInt(bytes.length());
      write(() -> request.write(frame.appendBuffer(bytes)));
    }
  }

  /** Sends a message; completes when there is room for the next one, or the call is over. */
  public Future<Void> sendNext(Q message) {
    send(message);
    if (isOver() || !request.writeQueueFull()) {
      return Future.succeededFuture();
    }
    Promise<Void> room = Promise.promise();
    request.drainHandler(drained -> room.tryComplete());
    ended().onComplete(end -> room.tryComplete());
    return room.future();
  }

  /** Delivers no further responses, except for arrived ones, until {@link #resume}. */
  public void pause() {
    if (answer != null && !isOver()) {
      answer.pause();
    }
  }

  public void resume() {
    if (answer != null && !isOver()) {
      answer.resume();
    }
  }

  /** Sends messages as fast as flow control permits, then half-closes. */
  public void sendAll(Iterator<Q> messages) {
    while (!isOver() && messages.hasNext()) {
      if (request.writeQueueFull()) {
        request.drainHandler(drained -> sendAll(messages));
        return;
      }
      send(messages.next());
    }
    halfClose();
  }

  /** Ends the request. */
  public void halfClose() {
    if (!isOver()) {
      write(request::end);
    }
  }

  /** Writes; Vert.x may throw after the server closed the connection. */
  private void write(Supplier<Future<Void>> writing) {
    try {
      writing.get().onFailure(this::broken);
    } catch (RuntimeException closed) {
      failSoon(lostConnection(""));
    }
  }

  /** Succeeds when the call ends with OK; otherwise fails with a {@link CallException}. */
  public Future<Void> ended() {
    return ended.future();
  }

  /** Cancels the call. */
  public void cancel() {
    ended.tryFail(CallException.here(GrpcStatus.CANCELLED, "cancelled by this client"));
  }

  private boolean isOver() {
    return ended.future().isComplete();
  }

  private void answered(HttpClientResponse answer) {
    this.answer = answer;
    answer.exceptionHandler(this::lost);
    CallException notGrpc = GrpcAnswer.notGrpc(answer);
    if (notGrpc != null) {
      fail(notGrpc);
      return;
    }
    reader = new MessageReader<>(method.decoder(), answer.getHeader("grpc-encoding"));
    answer.handler(this::chunk).endHandler(end -> ended(GrpcAnswer.end(answer, hasBody)));
  }

  private void chunk(Buffer chunk) {
    hasBody = true;
    if (isOver()) {
      return;
    }
    try {
      reader.read(chunk, this::received);
    } catch (RuntimeException wrong) {
      // Invalid bytes, or a bug in the handler: without this, the call would wait for its deadline.
      ended.tryFail(wrong);
    }
  }

  private void received(R message) {
    if (!isOver()) {
      handler.handle(message);
    }
  }

  private void ended(CallException end) {
    if (end != null) {
      fail(end);
    } else if (reader.isCut()) {
      fail(
          CallException.here(
              GrpcStatus.INTERNAL, "the answer was cut off: it ended within a message"));
    } else {
      ended.tryComplete();
    }
  }

  /** Waits briefly for the stream's own failure, which has the reason. */
  private void broken(Throwable failure) {
    vertx.setTimer(REASON_MILLIS, later -> lost(failure));
  }

  private void lost(Throwable failure) {
    failSoon(reason(failure));
  }

  private CallException reason(Throwable failure) {
    if (failure instanceof StreamResetException reset) {
      return CallException.here(
          GrpcErrorException.create(reset).status(), "the server reset the call without a status");
    }
    String why = failure.getMessage() == null ? "" : ": " + failure.getMessage();
    if (failure instanceof Http2Exception && !isNotProcessed()) {
      return CallException.here(GrpcStatus.INTERNAL, "the server violated HTTP/2" + why);
    }
    if (failure instanceof NullPointerException || failure instanceof IllegalArgumentException) {
      // Thrown by Vert.x when it reads the status.
      return CallException.here(
          GrpcStatus.INTERNAL, "the answer has no HTTP status, or one that is not a number");
    }
    return lostConnection(why);
  }

  private CallException lostConnection(String why) {
    String message = "the connection was lost before the call ended" + why;
    return isNotProcessed()
        ? CallException.notProcessed(message)
        : CallException.here(GrpcStatus.UNAVAILABLE, message);
  }

  /** Returns true when the server certainly has not processed the call. */
  private boolean isNotProcessed() {
    try {
      return request.streamId() > lastStream.applyAsInt(request);
    } catch (NullPointerException noStream) {
      // Thrown by Vert.x when the stream was never opened.
      return true;
    }
  }

  /** Fails in the next turn of the event loop: a later event of this turn may have the reason. */
  private void failSoon(CallException failure) {
    vertx.runOnContext(later -> fail(failure));
  }

  /** Reports a cancellation at the deadline as DEADLINE_EXCEEDED: servers cancel late calls too. */
  private void fail(CallException failure) {
    boolean late = failure.status() == GrpcStatus.CANCELLED && deadline.leftMillis() <= 1;
    ended.tryFail(late ? deadline.exceeded("did not complete") : failure);
  }
}
