package dev.userservice.rpc;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;

/**
 * Corrects how Vert.x handles versions other than HTTP/1.1.
 *
 * <p>The connection is closed after each response to HTTP/1.0, even when the client asks to keep
 * it. The length of most responses is unknown when they start, and HTTP/1.0 has no chunks: only the
 * end of the connection can end them (RFC 9112, section 6.3). Vert.x would leave it open.
 *
 * <p>A request of an unknown version counts as malformed; Vert.x would answer 501 in that version.
 */
final class Http1Versions extends ChannelDuplexHandler {

  /** The failure of a request whose version is unknown. */
  static final class UnknownVersionException extends Exception {

    private static final long serialVersionUID = 1;

    private UnknownVersionException() {
      super("unknown HTTP version", null, false, false);
    }
  }

  private static final UnknownVersionException UNKNOWN = new UnknownVersionException();

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpRequest request) {
      if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
        request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      } else if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
        request.setProtocolVersion(HttpVersion.HTTP_1_1);
        request.setDecoderResult(DecoderResult.failure(UNKNOWN));
      }
    }
    ctx.fireChannelRead(message);
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (message instanceof HttpResponse response
        && response.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    ctx.write(message, promise);
  }
}
