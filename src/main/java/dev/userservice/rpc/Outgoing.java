package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.server.GrpcServerResponse;

/**
 * The messages of a call on their way out. What the caller has not taken is counted in bytes: it
 * tells the handler of the call to wait, and is held in the memory of the call.
 */
final class Outgoing {

  /**
   * Bytes that may wait for the caller before the handler is to stop. Vert.x counts messages, and
   * would take 32 of them for each call.
   */
  static final int MAX_WAITING_BYTES = 65_536;

  /** An answer up to this size is part of the price of its call. */
  private static final int SMALL_ANSWER_BYTES = 1_024;

  private static final Future<Void> TAKEN = Future.succeededFuture();

  private final GrpcServerResponse<?, ?> response;
  private final HttpServerResponse http;
  private final CallMemory memory;
  private GatheredMessages gathered;
  private Future<Void> lastWrite = TAKEN;
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
   * @param gathers whether messages may leave together, which those that are compressed may not;
   *     the same for all of a call
   * @return false when the memory of the call does not have its bytes; it is then not sent
   */
  boolean write(GrpcMessage message, boolean gathers) {
    int bytes = FrameGate.PREFIX_BYTES + message.payload().length();
    if (!memory.hold(bytes)) {
      return false;
    }
    send(message, bytes, gathers);
    return true;
  }

  /** Sends the one response of a call, which nothing may stop any more: its work is done. */
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
   * Sends what was gathered.
   *
   * @return completes when all messages are on their way
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
