package dev.userservice.store;

import dev.userservice.config.Address;
import java.net.InetSocketAddress;
import java.util.function.BiConsumer;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcHttp2ConnectionHandler;
import org.apache.ratis.thirdparty.io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import org.apache.ratis.thirdparty.io.grpc.netty.InternalProtocolNegotiators;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelHandler;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelHandlerContext;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslHandler;
import org.apache.ratis.thirdparty.io.netty.util.AsciiString;

/** The TLS of the port of the log. Reports failed handshakes, which the engine keeps to itself. */
final class RaftHandshakes implements ProtocolNegotiator {

  private final ProtocolNegotiator tls;
  private final BiConsumer<String, Throwable> failed;

  /**
   * @param failed receives the address of a peer, and its failure
   */
  RaftHandshakes(SslContext context, BiConsumer<String, Throwable> failed) {
    tls = InternalProtocolNegotiators.serverTls(context);
    this.failed = failed;
  }

  @Override
  public AsciiString scheme() {
    return tls.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
    ChannelHandler negotiation = tls.newHandler(grpc);
    return new ChannelInboundHandlerAdapter() {

      private String peer;

      @Override
      public void handlerAdded(ChannelHandlerContext context) {
        InetSocketAddress remote = (InetSocketAddress) context.channel().remoteAddress();
        peer = Address.join(remote.getAddress().getHostAddress(), remote.getPort());
        context.pipeline().addAfter(context.name(), null, negotiation);
      }

      @Override
      public void channelInactive(ChannelHandlerContext context) {
        SslHandler handler = context.pipeline().get(SslHandler.class);
        if (handler != null && handler.handshakeFuture().cause() != null) {
          failed.accept(peer, handler.handshakeFuture().cause());
        }
        context.fireChannelInactive();
      }
    };
  }

  @Override
  public void close() {
    tls.close();
  }
}
