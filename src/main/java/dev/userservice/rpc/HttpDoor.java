package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.Http1xOrH2CHandler;
import io.vertx.core.http.impl.HttpServerImpl;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.VertxWrapper;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.NetServerImpl;
import io.vertx.core.net.impl.NetServerInternal;
import io.vertx.core.spi.transport.Transport;
import java.nio.charset.StandardCharsets;

/**
 * Creates an HTTP server with {@link Http1Versions} in each HTTP/1.1 connection, and {@link
 * UpgradeGuard} in each plaintext one, before the first request is read. The connection handler of
 * Vert.x would be too late.
 */
public final class HttpDoor {

  /** The name of Vert.x's handler of upgrades. */
  static final String UPGRADE = "h2c";

  /** The name of Vert.x's encoder of HTTP/1.1. */
  static final String ENCODER = "httpEncoder";

  private static final byte[] PREFACE =
      Http1xOrH2CHandler.HTTP_2_PREFACE.getBytes(StandardCharsets.US_ASCII);

  private HttpDoor() {}

  /** Does as {@link Vertx#createHttpServer(HttpServerOptions)}, with bounds on connections. */
  public static HttpServer create(Vertx vertx, HttpServerOptions options, Connections connections) {
    return new HttpServerImpl(
        new Guarding(new Gated((VertxInternal) vertx, connections.gate())), options);
  }

  /** A Vert.x whose servers listen through {@link GatedTransport}. */
  private static final class Gated extends VertxWrapper {

    private final Transport transport;

    Gated(VertxInternal vertx, ChannelHandler gate) {
      super(vertx);
      transport = new GatedTransport(vertx.transport(), gate);
    }

    @Override
    public Transport transport() {
      return transport;
    }
  }

  private static final class Guarding extends VertxWrapper {

    Guarding(VertxInternal vertx) {
      super(vertx);
    }

    @Override
    public NetServerInternal createNetServer(NetServerOptions options) {
      return new NetServerImpl(delegate, options.copy()) {
        @Override
        public synchronized NetServerInternal connectHandler(Handler<NetSocket> handler) {
          return super.connectHandler(
              socket -> {
                handler.handle(socket);
                ChannelPipeline pipeline =
                    ((NetSocketInternal) socket).channelHandlerContext().pipeline();
                if (pipeline.get(Http1xOrH2CHandler.class) != null) {
                  pipeline.addFirst(new FirstBytes());
                } else if (pipeline.get(ENCODER) != null) {
                  pipeline.addAfter(ENCODER, null, new Http1Versions());
                }
              });
        }
      };
    }
  }

  /**
   * Passes on only the bytes that Vert.x needs to distinguish HTTP/1.1 from HTTP/2, so that its
   * pipeline for HTTP/1.1 exists before the first request is decoded.
   */
  private static final class FirstBytes extends ChannelInboundHandlerAdapter {

    private int matching;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      int from = bytes.readerIndex();
      int readable = bytes.readableBytes();
      int at = 0;
      while (at < readable
          && matching < PREFACE.length
          && bytes.getByte(from + at) == PREFACE[matching]) {
        at++;
        matching++;
      }
      if (at == readable && matching < PREFACE.length) {
        ctx.fireChannelRead(bytes);
        return;
      }
      if (matching < PREFACE.length) {
        // HTTP/1.1: the first byte that differs decides.
        ctx.fireChannelRead(bytes.readRetainedSlice(at + 1));
        if (ctx.pipeline().get(UPGRADE) != null) {
          ctx.pipeline().addBefore(UPGRADE, null, new UpgradeGuard());
          ctx.pipeline().addBefore(UPGRADE, null, new Http1Versions());
        }
      }
      if (bytes.isReadable()) {
        ctx.fireChannelRead(bytes);
      } else {
        bytes.release();
      }
      ctx.pipeline().remove(this);
    }
  }
}
