package dev.userservice.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.flush.FlushConsolidationHandler;

/**
 * Delays flushes until the turn of the event loop ends. Vert.x flushes after each frame that is not
 * written while it reads: a frame, and a system call, for each message. Belongs last in the
 * pipeline, before the HTTP/2 codec for writes: messages flushed together become one frame.
 *
 * <p>Netty's handler also flushes when a write fills the channel. The codec is still counting the
 * frame of that write; sent at once, it makes the stream writable, and bytes that Vert.x then adds
 * to the frame are counted twice. A stream with bytes that do not exist keeps the event loop in the
 * codec for ever. So a full channel waits for the end of the turn too.
 */
final class FlushOnceATurn extends FlushConsolidationHandler {

  /** The max number of flushes that wait for the end of a turn. */
  private static final int MAX_TOGETHER = 256;

  FlushOnceATurn() {
    super(MAX_TOGETHER, true);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    ctx.fireChannelWritabilityChanged();
  }
}
