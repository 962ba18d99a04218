package dev.userservice.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;

/**
 * Ignores requests to upgrade to HTTP/2 that have a body, or that Vert.x would refuse, as a server
 * may (RFC 9110, section 7.8): they are answered over HTTP/1.1. Vert.x never releases the body of a
 * refused one: 24 MB of bodies took 165 MB for ever. Requests that expect 100 must get it before
 * 101, and requests without exactly one Host are refused: both happen over HTTP/1.1.
 */
final class UpgradeGuard extends ChannelInboundHandlerAdapter {

  private static final String SETTINGS = "http2-settings";

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpRequest request
        && request.headers().contains(HttpHeaderNames.UPGRADE)
        && !isWebSocket(request.headers())
        && !mayUpgrade(request)) {
      request.headers().remove(HttpHeaderNames.UPGRADE);
    }
    ctx.fireChannelRead(message);
  }

  private static boolean isWebSocket(HttpHeaders headers) {
    List<String> upgrades = headers.getAll(HttpHeaderNames.UPGRADE);
    return upgrades.size() == 1
        && HttpHeaderValues.WEBSOCKET.contentEqualsIgnoreCase(upgrades.get(0));
  }

  private static boolean mayUpgrade(HttpRequest request) {
    HttpHeaders headers = request.headers();
    String length = headers.get(HttpHeaderNames.CONTENT_LENGTH, "0");
    return request.protocolVersion().equals(HttpVersion.HTTP_1_1)
        && headers.getAll(HttpHeaderNames.HOST).size() == 1
        && !headers.contains(HttpHeaderNames.EXPECT)
        && !headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
        && length.equals("0")
        && headers.contains(SETTINGS)
        && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
        && headers.containsValue(HttpHeaderNames.CONNECTION, SETTINGS, true);
  }
}
