package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.concurrent.TimeUnit;

/**
 * Bounds what the frames of a WebSocket take before they are handled. The decoder keeps each frame
 * until it is complete, and Vert.x answers each ping, whether the peer reads the answers or not.
 */
final class SocketGuard {

  /** The name of Netty's decoder. */
  private static final String DECODER = "wsdecoder";

  /** The time for the peer to read why its connection is closed. */
  private static final long CLOSE_MILLIS = 500;

  /** The head of a masked frame without an extended length (RFC 6455, section 5.2). */
  private static final int HEAD_BYTES = 6;

  private static final int MAX_SHORT_BYTES = 125;
  private static final int MAX_MEDIUM_BYTES = 65_535;

  private final ConnectionMemory connection;
  private final CallMemory call;

  /** The bytes in the decoder. */
  private long held;

  /** True after a frame that breaks the protocol; nothing behind it is read. */
  private boolean closing;

  private final FrameRate controlFrames;
  private final Runnable onTooMany;

  /**
   * @param controlFramesPerSecond the max number of frames that carry no message
   * @param onTooMany called when there are more
   */
  SocketGuard(
      ConnectionMemory connection,
      CallMemory call,
      int controlFramesPerSecond,
      Runnable onTooMany) {
    this.connection = connection;
    this.call = call;
    this.controlFrames = new FrameRate(controlFramesPerSecond);
    this.onTooMany = onTooMany;
  }

  /** Adds its handlers to an upgraded connection. */
  void addTo(Channel channel) {
    channel.pipeline().addBefore(DECODER, null, new Bytes()).addAfter(DECODER, null, new Frames());
  }

  /** Returns true for an upgraded connection. */
  static boolean isIn(Channel channel) {
    return channel.pipeline().get(DECODER) != null;
  }

  private final class Bytes extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      if (closing) {
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
      boolean control = isControl(frame);
      if (control && controlFrames.isExceeded()) {
        onTooMany.run();
        close(ctx, WebSocketCloseStatus.POLICY_VIOLATION);
      }
      boolean unheard = frame instanceof PingWebSocketFrame && !ctx.channel().isWritable();
      if (closing || unheard) {
        frame.release();
        return;
      }
      if (!control) {
        call.received(payload);
      }
      ctx.fireChannelRead(frame);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
      if (failure instanceof CorruptedWebSocketFrameException malformed) {
        close(ctx, malformed.closeStatus());
      } else {
        ctx.fireExceptionCaught(failure);
      }
    }
  }

  private void close(ChannelHandlerContext ctx, WebSocketCloseStatus status) {
    if (!closing) {
      closing = true;
      ctx.channel().writeAndFlush(new CloseWebSocketFrame(status));
      // A close at once could drop the frame, when the peer still sends.
      ctx.executor().schedule(() -> ctx.close(), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
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
