package dev.userservice.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;

/**
 * Ignores idleness of an HTTP/1.1 connection with an open call: a call may be silent for long, and
 * without its trailers it would look truncated to its caller.
 */
final class IdleGuard extends ChannelInboundHandlerAdapter {

  private final ConnectionMemory memory;

  IdleGuard(ConnectionMemory memory) {
    this.memory = memory;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof IdleStateEvent) || memory.calls() == 0) {
      ctx.fireUserEventTriggered(event);
    }
  }
}
