package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.concurrent.TimeUnit;

/**
 * Bounds what the frames of a WebSocket take before they are handled. The decoder keeps each frame
 * until it is complete, and Vert.x answers each ping, whether the peer reads the answers or not.
 */
final class SocketGuard {

  /** The name of Netty's decoder. */
  private static final String DECODER = "wsdecoder";

  /** The time for the peer to read why its frame is refused. */
  private static final long CLOSE_MILLIS = 500;

  /** The head of a masked frame without an extended length (RFC 6455, section 5.2). */
  private static final int HEAD_BYTES = 6;

  private static final int MAX_SHORT_BYTES = 125;
  private static final int MAX_MEDIUM_BYTES = 65_535;

  private final ConnectionMemory connection;
  private final CallMemory call;

  /** The bytes in the decoder. */
  private long held;

  /** True after a frame that cannot be read; nothing behind it can. */
  private boolean corrupt;

  private SocketGuard(ConnectionMemory connection, CallMemory call) {
    this.connection = connection;
    this.call = call;
  }

  /** Adds the handlers to an upgraded connection. */
  static void add(Channel channel, ConnectionMemory connection, CallMemory call) {
    SocketGuard guard = new SocketGuard(connection, call);
    channel
        .pipeline()
        .addBefore(DECODER, null, guard.new Bytes())
        .addAfter(DECODER, null, guard.new Frames());
  }

  /** Returns true for an upgraded connection. */
  static boolean isIn(Channel channel) {
    return channel.pipeline().get(DECODER) != null;
  }

  private final class Bytes extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      if (corrupt) {
        bytes.release();
      } else if (connection.hold(bytes.readableBytes())) {
        held += bytes.readableBytes();
        ctx.fireChannelRead(message);
      } else {
        // Within a frame, where only a close frame could say why.
        bytes.release();
        ctx.close();
      }
    }
  }

  private final class Frames extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (!(message instanceof WebSocketFrame frame)) {
        ctx.fireChannelRead(message);
        return;
      }
      int payload = frame.content().readableBytes();
      long bytes = Math.min(held, HEAD_BYTES + lengthBytes(payload) + payload);
      held -= bytes;
      connection.release(bytes);
      if (frame instanceof PingWebSocketFrame && !ctx.channel().isWritable()) {
        frame.release();
        return;
      }
      if (!isControl(frame)) {
        call.received(payload);
      }
      ctx.fireChannelRead(frame);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
      if (!(failure instanceof CorruptedWebSocketFrameException malformed)) {
        ctx.fireExceptionCaught(failure);
      } else if (!corrupt) {
        corrupt = true;
        ctx.channel().writeAndFlush(new CloseWebSocketFrame(malformed.closeStatus()));
        // A close at once could drop the frame, when the peer still sends.
        ctx.executor().schedule(() -> ctx.close(), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  private static boolean isControl(WebSocketFrame frame) {
    return frame instanceof PingWebSocketFrame
        || frame instanceof PongWebSocketFrame
        || frame instanceof CloseWebSocketFrame;
  }

  /** The bytes of the extended length of a payload. */
  private static int lengthBytes(int payload) {
    if (payload <= MAX_SHORT_BYTES) {
      return 0;
    }
    return payload <= MAX_MEDIUM_BYTES ? Short.BYTES : Long.BYTES;
  }
}
