package dev.userservice.rpc;

import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.concurrent.TimeUnit;

/**
 * The sending side of a call: headers, messages and status. Unsent bytes are counted: they make the
 * handler of the call wait, and are held in the memory of the call.
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

  private final GrpcServerResponse<?, R> response;
  private final FrameGate request;
  private final HttpServerResponse http;
  private final RpcMethod<?, R> method;
  private final CallInfo info;
  private final CallMemory memory;
  private final boolean acceptsGzip;
  private GatheredMessages gathered;
  private Future<Void> lastWrite = SENT;
  private int waiting;
  private boolean full;
  private Handler<Void> drainHandler;

  /** True if large messages are compressed; the first one decides, because headers name it. */
  private boolean compresses;

  private boolean failed;
  private boolean closed;
  private boolean statusSent;
  private long overAt;

  Outgoing(
      GrpcServerResponse<?, R> response,
      FrameGate request,
      RpcMethod<?, R> method,
      CallInfo info,
      boolean gzipResponses) {
    this.response = response;
    this.request = request;
    this.http = request.response();
    this.method = method;
    this.info = info;
    this.memory = request.memory();
    this.acceptsGzip =
        gzipResponses
            && request.version() == HttpVersion.HTTP_2
            && Gzip.isAccepted(request.getHeader(GrpcHeaderNames.GRPC_ACCEPT_ENCODING));
  }

  /** Prepares the response headers. */
  void begin() {
    if (acceptsGzip || info.hasResponseHeaders()) {
      http.headersEndHandler(headers -> finishHeaders());
    }
  }

  /** Encodes and counts a message; the first one decides on compression. */
  GrpcMessage encode(R message) {
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
   * Sends an encoded message.
   *
   * @return false when its bytes exceed the memory of the call; it is then not sent
   */
  boolean write(GrpcMessage message) {
    int bytes = FrameGate.PREFIX_BYTES + message.payload().length();
    if (!memory.hold(bytes)) {
      return false;
    }
    send(message, bytes);
    return true;
  }

  /** Sends the one response of a call, even above its memory, because its work is done. */
  void answer(GrpcMessage message) {
    int bytes = FrameGate.PREFIX_BYTES + message.payload().length();
    lastWrite = response.writeMessage(message);
    if (bytes > SMALL_ANSWER_BYTES) {
      memory.force(bytes);
    }
  }

  private void send(GrpcMessage message, int bytes) {
    waiting += bytes;
    full |= waiting >= MAX_WAITING_BYTES;
    if (gathered != null) {
      gathered.add(message.payload());
    } else {
      lastWrite = sent(response.writeMessage(message), bytes);
      // Compressed messages cannot be gathered.
      if (!compresses) {
        gathered =
            new GatheredMessages(frames -> lastWrite = sent(http.write(frames), frames.length()));
      }
    }
  }

  boolean isFull() {
    return full;
  }

  void drainHandler(Handler<Void> handler) {
    drainHandler = handler;
  }

  /** Marks the call as failed. */
  void failed() {
    failed = true;
  }

  /** Marks the stream as closed. */
  void closed() {
    closed = true;
  }

  /**
   * Sends the status, once Vert.x does not have to queue it: Vert.x never releases queued trailers
   * when the stream closes.
   */
  void end() {
    addTrailers();
    if (!http.headWritten()) {
      http.headersEndHandler(headers -> finishHeaders());
    }
    Future<Void> written = flush();
    if (written.isComplete() || memory.isWritable()) {
      statusSent(response.end());
      return;
    }
    written.onSuccess(
        all -> {
          if (!closed) {
            statusSent(response.end());
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
      http.reset(Http2Error.NO_ERROR.code());
    } else if (failed && now - overAt >= LINGER_NANOS) {
      http.reset(Http2Error.CANCEL.code());
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
        done -> {
          waiting -= bytes;
          memory.release(bytes);
          if (full && waiting <= MAX_WAITING_BYTES / 2) {
            full = false;
            if (drainHandler != null) {
              drainHandler.handle(null);
            }
          }
        });
    return write;
  }

  private void addTrailers() {
    if (info.hasResponseTrailers()) {
      response.trailers().addAll(info.responseTrailers());
    }
  }

  /**
   * Corrects the response headers before they are sent. Vert.x adds content-length: 0 to a response
   * without messages; with trailers that is wrong, and a proxy that obeys it drops the status.
   *
   * <p>The encoding is named only if a compressed message follows: clients of gRPC 1.51 crash when
   * an answer to their own health check names one.
   */
  private void finishHeaders() {
    MultiMap headers = http.headers();
    if (info.hasResponseHeaders()) {
      headers.addAll(info.responseHeaders());
    }
    if (request.version() == HttpVersion.HTTP_2) {
      headers.remove(HttpHeaders.CONTENT_LENGTH);
    }
    // A call that failed before its headers has no messages.
    if (compresses && !failed) {
      headers.set(GrpcHeaderNames.GRPC_ENCODING, Gzip.NAME);
    }
  }
}
