package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * Keeps the failure of one stream from closing the connection. A handler between the HTTP/2 codec
 * and the socket, or TLS.
 *
 * <p>Vert.x writes trailers with a void promise. When their stream closes before they are sent, as
 * by a cancellation, the failed promise becomes an exception of the channel, and Vert.x closes it
 * with all other calls. This handler drops those exceptions.
 *
 * <p>A stream that was refused before Vert.x knew it stays open in Netty until its reset is sent.
 * If the connection is lost meanwhile, Vert.x fails for such a stream, and misses the close of the
 * connection. So a stream is closed before its reset, or anything else, is written.
 */
final class StreamFailures extends ChannelDuplexHandler {

  /** The size of the frame: a header, whose first three bytes are its length, and an error code. */
  private static final int RESET_BYTES = 13;

  private static final int ERROR_CODE_BYTES = 4;
  private static final int TYPE_INDEX = 3;
  private static final int STREAM_INDEX = 5;

  private final Http2Connection connection;
  private final CallGuard guard;

  StreamFailures(Http2Connection connection, CallGuard guard) {
    this.connection = connection;
    this.guard = guard;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (!(cause instanceof Http2Exception.StreamException)) {
      super.exceptionCaught(ctx, cause);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise)
      throws Exception {
    guard.closeUndecided();
    int reset = message instanceof ByteBuf bytes ? resetStream(bytes) : 0;
    Http2Stream stream = reset == 0 ? null : connection.stream(reset);
    if (stream != null) {
      // Before the write: one that fails at once is an error of the connection.
      stream.close();
    }
    super.write(ctx, message, promise);
  }

  /** The stream that a frame resets; 0 for any other frame. */
  private static int resetStream(ByteBuf frame) {
    int from = frame.readerIndex();
    return frame.readableBytes() == RESET_BYTES
            && frame.getByte(from + TYPE_INDEX) == Http2FrameTypes.RST_STREAM
            && frame.getMedium(from) == ERROR_CODE_BYTES
        ? frame.getInt(from + STREAM_INDEX)
        : 0;
  }
}
