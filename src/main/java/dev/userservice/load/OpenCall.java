package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.userservice.client.CallException;
import dev.userservice.client.GrpcAnswer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.StreamResetException;
import io.vertx.grpc.common.GrpcError;

/** One call, from its request to its end; never retried. */
final class OpenCall {

  /** Called once; the failure is null when the call ended with OK and the right answer. */
  interface End {
    void ended(OpenCall call, Failure failure);
  }

  private final Exchange exchange;
  private final End end;
  private final Frames frames = new Frames();
  private HttpClientRequest request;
  private HttpClientResponse response;
  private boolean hasBody;
  private boolean halfClosed;
  private boolean over;
  private boolean connectionLost;

  OpenCall(Exchange exchange, End end) {
    this.exchange = exchange;
    this.end = end;
  }

  void begin(Future<HttpClientRequest> opening) {
    opening.onComplete(this::opened, this::lost);
  }

  /** Returns true when the next call over its connection would fail too. */
  boolean hasLostItsConnection() {
    return connectionLost;
  }

  boolean isOver() {
    return over;
  }

  /** Returns true while the server accepts no more data. */
  boolean isFull() {
    return request.writeQueueFull();
  }

  void whenDrained(Runnable then) {
    request.drainHandler(drained -> then.run());
  }

  void send(MessageLite message) {
    if (!over) {
      request.write(Frames.frame(message));
    }
  }

  void sendLast(MessageLite message) {
    if (!over) {
      halfClosed = true;
      request.end(Frames.frame(message));
    }
  }

  void halfClose() {
    if (!over) {
      halfClosed = true;
      request.end();
    }
  }

  /** Ends the call from this side. */
  void giveUp(Failure why) {
    over(why, true);
  }

  private void opened(HttpClientRequest opened) {
    request = opened.setChunked(true);
    if (over) {
      cancel();
      return;
    }
    request.exceptionHandler(this::lost);
    request.response().onComplete(this::answered, this::lost);
    exchange.begin(this);
  }

  private void answered(HttpClientResponse answer) {
    response = answer.exceptionHandler(this::lost);
    CallException notGrpc = GrpcAnswer.notGrpc(answer);
    if (notGrpc != null) {
      giveUp(Failure.of(notGrpc));
      return;
    }
    answer.handler(this::chunk).endHandler(this::ended);
  }

  private void chunk(Buffer chunk) {
    hasBody = true;
    if (over) {
      return;
    }
    String wrong = frames.read(chunk, this::message);
    if (wrong != null) {
      giveUp(Failure.wrongAnswer(wrong));
    }
  }

  private String message(byte[] bytes, int offset, int length)
      throws InvalidProtocolBufferException {
    return exchange.received(bytes, offset, length, this);
  }

  private void ended(Void nothing) {
    if (over) {
      return;
    }
    CallException refused = GrpcAnswer.end(response, hasBody);
    String missing = frames.isCut() ? "the server ended within a message" : exchange.missing();
    Failure failure = missing == null ? null : Failure.wrongAnswer(missing);
    // The server may end the call before the request is complete.
    over(refused == null ? failure : Failure.of(refused), !halfClosed);
  }

  private void lost(Throwable failure) {
    connectionLost = !(failure instanceof StreamResetException);
    over(Failure.lost(failure), false);
  }

  private void over(Failure failure, boolean cancel) {
    if (!over) {
      over = true;
      if (cancel) {
        cancel();
      }
      end.ended(this, failure);
    }
  }

  private void cancel() {
    if (request != null) {
      request.reset(GrpcError.CANCELLED.http2ResetCode);
    }
  }
}
