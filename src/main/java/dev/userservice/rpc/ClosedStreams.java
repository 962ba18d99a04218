package dev.userservice.rpc;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_PRIORITY_WEIGHT;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * Ignores DATA and HEADERS of streams that were reset or are closed: they were in flight when the
 * reset was sent (RFC 9113, section 5.1). Netty answers each with another reset, and counts these
 * until it closes the connection. The bytes still count for the connection's window.
 *
 * <p>Also ignores resets of streams that were never opened, which section 6.4 makes an error of the
 * connection: gRPC's C core, and so Python, sends one for a call that is cancelled before its
 * headers are sent.
 */
final class ClosedStreams extends Http2FrameListenerDecorator {

  private final Http2Connection connection;

  ClosedStreams(Http2FrameListener listener, Http2Connection connection) {
    super(listener);
    this.connection = connection;
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    Http2Stream stream = connection.stream(streamId);
    if (!isClosed(streamId, stream)) {
      return super.onDataRead(ctx, streamId, data, padding, endOfStream);
    }
    int bytes = data.readableBytes() + padding;
    Http2LocalFlowController flow = connection.local().flowController();
    flow.receiveFlowControlledFrame(stream, data, padding, endOfStream);
    if (stream != null) {
      flow.consumeBytes(stream, bytes);
    }
    return bytes;
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    onHeadersRead(ctx, streamId, headers, 0, DEFAULT_PRIORITY_WEIGHT, false, padding, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end)
      throws Http2Exception {
    if (!isClosed(streamId, connection.stream(streamId))) {
      super.onHeadersRead(ctx, streamId, headers, dependency, weight, exclusive, padding, end);
    }
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode)
      throws Http2Exception {
    if (connection.stream(streamId) != null || !connection.remote().isValidStreamId(streamId)) {
      super.onRstStreamRead(ctx, streamId, errorCode);
    }
  }

  private boolean isClosed(int streamId, Http2Stream stream) {
    return stream == null ? connection.streamMayHaveExisted(streamId) : stream.isResetSent();
  }
}
