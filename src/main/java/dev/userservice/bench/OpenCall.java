package dev.userservice.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.userservice.client.CallException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.grpc.common.GrpcError;
import io.vertx.grpc.common.GrpcStatus;

/** One call, from its request to its end. It is made once, whatever becomes of it. */
final class OpenCall {

  /** Told once, with null when the call ended with OK and the right answer. */
  interface End {
    void ended(OpenCall call, Failure failure);
  }

  private final Exchange exchange;
  private final End end;
  private final Frames frames = new Frames();
  private HttpClientRequest request;
  private HttpClientResponse response;
  private boolean halfClosed;
  private boolean over;

  OpenCall(Exchange exchange, End end) {
    this.exchange = exchange;
    this.end = end;
  }

  void begin(Future<HttpClientRequest> opening) {
    opening.onComplete(this::opened, this::lost);
  }

  /** Whether there was a stream for it. */
  boolean wasOpened() {
    return request != null;
  }

  boolean isOver() {
    return over;
  }

  /** Whether the server takes no more for the moment. */
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
    if (!over) {
      cancel();
      over(why);
    }
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
    String type = answer.getHeader("content-type");
    if (answer.statusCode() != 200 || type == null || !type.startsWith("application/grpc")) {
      giveUp(
          Failure.here(
              GrpcStatus.UNKNOWN,
              "what answers is no gRPC server: HTTP %d".formatted(answer.statusCode())));
      return;
    }
    answer.handler(this::chunk).endHandler(this::ended);
  }

  private void chunk(Buffer chunk) {
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
    CallException refused = CallException.of(response.headers(), response.trailers());
    if (!halfClosed) {
      // The server has said all that it has to say, before we have.
      cancel();
    }
    if (refused != null) {
      over(Failure.of(refused));
      return;
    }
    String missing = frames.isCut() ? "a message that is cut off" : exchange.missing();
    over(missing == null ? null : Failure.wrongAnswer(missing));
  }

  private void lost(Throwable failure) {
    over(Failure.lost(failure));
  }

  private void over(Failure failure) {
    if (!over) {
      over = true;
      end.ended(this, failure);
    }
  }

  private void cancel() {
    if (request != null) {
      request.reset(GrpcError.CANCELLED.http2ResetCode);
    }
  }
}
