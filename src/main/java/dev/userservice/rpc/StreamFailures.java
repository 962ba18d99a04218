package dev.userservice.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * Keeps the failure of one stream from the connection. Vert.x writes trailers with a void promise;
 * when their stream closes before they have left, as by a cancellation, the failed promise becomes
 * an exception of the channel, upon which Vert.x closes it with all other calls.
 */
final class StreamFailures extends ChannelInboundHandlerAdapter {

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (!Http2Exception.isStreamError(asHttp2(cause))) {
      super.exceptionCaught(ctx, cause);
    }
  }

  private static Http2Exception asHttp2(Throwable cause) {
    return cause instanceof Http2Exception failure ? failure : null;
  }
}
