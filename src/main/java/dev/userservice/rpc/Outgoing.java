package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.server.GrpcServerResponse;

/**
 * The messages that a call sends. Unsent bytes are counted: they make the handler of the call wait,
 * and are held in the memory of the call.
 */
final class Outgoing {

  /**
   * The max unsent bytes before the handler has to wait. Vert.x counts messages, and would queue 32
   * for each call.
   */
  static final int MAX_WAITING_BYTES = 65_536;

  /** The max size of an answer that is part of the price of its call. */
  private static final int SMALL_ANSWER_BYTES = 1_024;

  private static final Future<Void> SENT = Future.succeededFuture();

  private final GrpcServerResponse<?, ?> response;
  private final HttpServerResponse http;
  private final CallMemory memory;
  private GatheredMessages gathered;
  private Future<Void> lastWrite = SENT;
  private int waiting;
  private boolean full;
  private Handler<Void> drainHandler;

  Outgoing(GrpcServerResponse<?, ?> response, HttpServerResponse http, CallMemory memory) {
    this.response = response;
    this.http = http;
    this.memory = memory;
  }

  /**
   * Sends a message.
   *
   * @param gathers true if messages may be sent together, which compressed ones may not; the same
   *     for all messages of a call
   * @return false when its bytes exceed the memory of the call; it is then not sent
   */
  boolean write(GrpcMessage message, boolean gathers) {
    int bytes = FrameGate.PREFIX_BYTES + message.payload().length();
    if (!memory.hold(bytes)) {
      return false;
    }
    send(message, bytes, gathers);
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

  private void send(GrpcMessage message, int bytes, boolean gathers) {
    waiting += bytes;
    full |= waiting >= MAX_WAITING_BYTES;
    if (gathered != null) {
      gathered.add(message.payload());
    } else {
      lastWrite = sent(response.writeMessage(message), bytes);
      if (gathers) {
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

  /**
   * Sends gathered messages.
   *
   * @return completes when all messages are sent
   */
  Future<Void> flush() {
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
}
