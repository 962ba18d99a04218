package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection without losing data in flight to the peer.
 *
 * <p>A socket that is closed while the peer still sends (a WINDOW_UPDATE is enough) answers with a
 * TCP reset, and the kernel then drops unsent data: the last part of a complete response. So this
 * shuts down output only, reads and drops input, and closes when the peer has closed, after a
 * timeout, or on a second close.
 */
final class LingeringClose extends ChannelDuplexHandler {

  /** Also the max time of a stop when an idle peer does not close its side. */
  private static final long LINGER_MILLIS = 500;

  private boolean closing;

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    if (closing || !(ctx.channel() instanceof DuplexChannel channel) || !channel.isActive()) {
      ctx.close(promise);
      return;
    }
    closing = true;
    ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
    ctx.executor().schedule(() -> ctx.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> channel.shutdownOutput());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object bytes) {
    if (closing) {
      ReferenceCountUtil.release(bytes);
    } else {
      ctx.fireChannelRead(bytes);
    }
  }
}
