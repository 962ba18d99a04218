package dev.userservice.rpc;

import dev.userservice.kit.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * A channel with handlers of ours, over a real socket to a peer that reads what it is asked for.
 */
final class LoopbackChannel implements AutoCloseable {

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  private final ServerSocket server;
  private final Channel channel;

  /**
   * @param full from how many unsent bytes the channel is full
   */
  LoopbackChannel(WriteBufferWaterMark full, ChannelHandler... handlers) throws Exception {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    channel =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, full)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel made) {
                    made.pipeline().addLast(handlers);
                  }
                })
            .connect(server.getLocalSocketAddress())
            .sync()
            .channel();
  }

  Channel channel() {
    return channel;
  }

  <T> T onLoop(Callable<T> code) throws Exception {
    return channel.eventLoop().submit(code).get(Waits.SECONDS, TimeUnit.SECONDS);
  }

  /** The first bytes that arrive; may be called once. */
  byte[] received(int count) throws IOException {
    try (Socket peer = server.accept()) {
      return peer.getInputStream().readNBytes(count);
    }
  }

  @Override
  public void close() throws Exception {
    server.close();
    loop.shutdownGracefully(0, Waits.SECONDS, TimeUnit.SECONDS).sync();
  }
}
