package dev.userservice.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.flush.FlushConsolidationHandler;

/**
 * Holds flushes back until the turn of the event loop ends. Vert.x flushes after each frame that is
 * not written while it reads: a frame, and a system call, for each message. To stand before the
 * HTTP/2 codec, last in the pipeline: what is flushed together becomes one frame.
 *
 * <p>Netty's handler also flushes when a write fills the channel. That write is a frame that the
 * codec still counts; sent at once, it makes the stream writable, and what Vert.x then adds to the
 * frame is counted twice. A stream with bytes that it does not have keeps the event loop in the
 * codec for ever. So a full channel waits for the end of the turn too.
 */
final class FlushOnceATurn extends FlushConsolidationHandler {

  /** Flushes that may wait for the end of a turn. */
  private static final int MOST_TOGETHER = 256;

  FlushOnceATurn() {
    super(MOST_TOGETHER, true);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    ctx.fireChannelWritabilityChanged();
  }
}
