package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Settings;

/**
 * Closes a connection that sends too many control frames, which open no stream, carry no data and
 * are nearly free for their sender. Netty limits other floods: resets, CONTINUATION, empty DATA.
 */
final class ControlFrameLimit extends Http2FrameListenerDecorator {

  private final int framesPerSecond;
  private final Runnable onTooMany;
  private final FrameRate rate;

  ControlFrameLimit(Http2FrameListener listener, int framesPerSecond, Runnable onTooMany) {
    super(listener);
    this.framesPerSecond = framesPerSecond;
    this.onTooMany = onTooMany;
    this.rate = new FrameRate(framesPerSecond);
  }

  @Override
  public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    count();
    super.onPingRead(ctx, data);
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
      throws Http2Exception {
    count();
    super.onSettingsRead(ctx, settings);
  }

  @Override
  public void onPriorityRead(
      ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
      throws Http2Exception {
    count();
    super.onPriorityRead(ctx, streamId, dependency, weight, exclusive);
  }

  @Override
  public void onUnknownFrame(
      ChannelHandlerContext ctx, byte type, int streamId, Http2Flags flags, ByteBuf payload)
      throws Http2Exception {
    count();
    super.onUnknownFrame(ctx, type, streamId, flags, payload);
  }

  private void count() throws Http2Exception {
    if (rate.isExceeded()) {
      onTooMany.run();
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "more than %d control frames a second", framesPerSecond);
    }
  }
}
