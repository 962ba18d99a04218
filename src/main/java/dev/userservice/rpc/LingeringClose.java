package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection without losing what is still on its way to the peer.
 *
 * <p>A socket that is closed while the peer still sends (a WINDOW_UPDATE is enough) answers with a
 * TCP reset, and the kernel then throws away what it had not sent yet: the last part of an answer
 * that was complete. So this says that nothing more comes, reads on and throws away, and closes
 * when the peer has closed, or after a while, or when it is told a second time.
 */
final class LingeringClose extends ChannelDuplexHandler {

  /** Also what a stop takes at most when an idle peer does not close its side. */
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
