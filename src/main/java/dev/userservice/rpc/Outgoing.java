package dev.userservice.rpc;

import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The sending side of a call: headers, messages and status. Unsent bytes are counted: they make the
 * handler of the call wait, and are held in the memory of the call.
 *
 * <p>It does not write through the gRPC response of Vert.x, so that the whole answer of a unary
 * call is one piece.
 */
final class Outgoing<R> {

  /**
   * The time for a caller to half-close after the status, before its stream is reset with NO_ERROR
   * (RFC 9113, section 8.1). An immediate reset could lose the status: HAProxy turns the two
   * together into a cancelled call. This and {@link #LINGER_NANOS} start at the first {@link
   * #release} after the end.
   */
  private static final long HALF_CLOSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * The time for a caller that does not read to take the status of a failed call, before the stream
   * is reset and unsent data dropped. A successful response waits for its reader without a limit.
   */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(5);

  /**
   * The max unsent bytes before the handler has to wait. Vert.x counts messages, and would queue 32
   * for each call.
   */
  static final int MAX_WAITING_BYTES = 65_536;

  /** The max size of an answer that is part of the price of its call. */
  private static final int SMALL_ANSWER_BYTES = 1_024;

  private static final Future<Void> SENT = Future.succeededFuture();

  private final RequestGate request;
  private final ProtocolResponse response;
  private final RpcMethod<?, R> method;
  private final CallInfo info;
  private final CallMemory memory;
  private final boolean acceptsGzip;
  private GatheredMessages gathered;
  private Future<Void> lastWrite = SENT;
  private int waiting;
  private boolean full;

  /** True once a write has failed. */
  private boolean lost;

  private Handler<Void> drainHandler;

  /** True once the headers are set. */
  private boolean headed;

  /** True if large messages are compressed; the first one decides, because headers name it. */
  private boolean compresses;

  private boolean failed;
  private boolean closed;
  private boolean statusSent;
  private long overAt;

  Outgoing(RequestGate request, RpcMethod<?, R> method, CallInfo info, boolean gzipResponses) {
    this.request = request;
    this.response = ProtocolResponse.of(request);
    this.method = method;
    this.info = info;
    this.memory = request.memory();
    this.acceptsGzip =
        gzipResponses
            && Gzip.isAccepted(request.http().getHeader(request.protocol().acceptEncoding()));
  }

  /** Encodes and counts a message; the first one decides on compression. */
  Buffer encode(R message) {
    Buffer encoded = method.encode(message, request.contentType());
    boolean large = encoded.length() >= Gzip.WORTHWHILE_BYTES;
    if (info.sent() == 0) {
      compresses = acceptsGzip && large;
    }
    info.countSent();
    return compresses && large ? Gzip.deflate(encoded, request.protocol().hasFrames()) : encoded;
  }

  /**
   * Sends an encoded message.
   *
   * @return false when its bytes exceed the memory of the call; it is then not sent
   */
  boolean write(Buffer message) {
    if (!memory.hold(message.length())) {
      return false;
    }
    send(message);
    return true;
  }

  private void send(Buffer message) {
    waiting += message.length();
    full |= waiting >= MAX_WAITING_BYTES;
    if (gathered != null) {
      gathered.add(message);
    } else {
      head();
      sendNow(message);
      gathered = new GatheredMessages(this::sendNow);
    }
  }

  private void sendNow(Buffer frames) {
    lastWrite = sent(response.write(frames), frames.length());
  }

  /** Sets the headers, once. */
  private void head() {
    if (!headed) {
      headed = true;
      response.head(
          compresses && !failed, info.hasResponseHeaders() ? info.responseHeaders() : null);
    }
  }

  boolean isFull() {
    return full || lost;
  }

  void drainHandler(Handler<Void> handler) {
    drainHandler = handler;
  }

  /** Marks the call as failed. */
  void failed() {
    failed = true;
  }

  /** Sets the handler of the end of the stream. */
  void onClose(Runnable handler) {
    response.onClose(
        end -> {
          closed = true;
          handler.run();
        });
  }

  /**
   * Ends the call OK with its one response, which is sent even above the memory of the call,
   * because its work is done.
   */
  void answer(Buffer message) {
    if (message.length() > SMALL_ANSWER_BYTES) {
      memory.force(message.length());
    }
    head();
    if (request.protocol() != Protocol.GRPC || memory.isWritable(message.length())) {
      statusSent(response.succeed(message, trailers()));
    } else {
      // Only gRPC has trailers, which must not be queued.
      lastWrite = response.write(message);
      succeed();
    }
  }

  /** Ends the call OK, after the messages that were written. */
  void succeed() {
    end(() -> response.succeed(null, trailers()));
  }

  /** Ends the call with a failure, after the messages that were written. */
  void fail(RpcStatus status, String domain) {
    end(() -> response.fail(status, domain, trailers()));
  }

  private MultiMap trailers() {
    return info.hasResponseTrailers() ? info.responseTrailers() : null;
  }

  /**
   * Sends the end, once Vert.x does not have to queue it: Vert.x never releases queued trailers
   * when the stream closes.
   */
  private void end(Supplier<Future<Void>> end) {
    head();
    Future<Void> written = flush();
    if (written.isComplete() || memory.isWritable(1)) {
      statusSent(end.get());
      return;
    }
    written.onSuccess(
        all -> {
          if (!closed) {
            statusSent(end.get());
          }
        });
  }

  /** Reads and drops the rest of the request, if the caller has not half-closed. */
  private void statusSent(Future<Void> status) {
    if (!request.isEnded()) {
      request.discard();
      status.onSuccess(sent -> statusSent = true);
    }
  }

  /** Resets the stream of an ended call whose caller neither reads nor half-closes. */
  void release(long now) {
    if (overAt == 0) {
      // Precise enough, and most calls, whose stream is closed by now, need no clock.
      overAt = now;
    } else if (statusSent && now - overAt >= HALF_CLOSE_NANOS) {
      response.reset(Http2Error.NO_ERROR.code());
    } else if (failed && now - overAt >= LINGER_NANOS) {
      response.reset(Http2Error.CANCEL.code());
    }
  }

  /** Sends gathered messages; completes when all messages are sent. */
  private Future<Void> flush() {
    if (gathered != null) {
      gathered.flush();
    }
    return lastWrite;
  }

  private Future<Void> sent(Future<Void> write, int bytes) {
    write.onComplete(
        (done, failure) -> {
          waiting -= bytes;
          memory.release(bytes);
          // The first sign of a lost caller: the handler waits, until the stream ends.
          lost |= failure != null;
          if (full && !lost && waiting <= MAX_WAITING_BYTES / 2) {
            full = false;
            if (drainHandler != null) {
              drainHandler.handle(null);
            }
          }
        });
    return write;
  }
}
