package dev.userservice.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;

/**
 * Lets an HTTP/1.1 connection be idle only when it has no call: an open call may be silent for
 * long, and without its trailers it looks to its caller as if it had been cut.
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
