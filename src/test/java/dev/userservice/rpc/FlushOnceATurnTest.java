package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FlushOnceATurnTest {

  private static final int FIRST_BYTES = 10;
  private static final int MORE_BYTES = 300;
  private static final WriteBufferWaterMark FULL = new WriteBufferWaterMark(1, 200);

  @Test
  void writeThatFillsTheChannel_isNotSentBeforeItReturns() throws Exception {
    MultiThreadIoEventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Channel channel =
          new Bootstrap()
              .group(loop)
              .channel(NioSocketChannel.class)
              .option(ChannelOption.WRITE_BUFFER_WATER_MARK, FULL)
              .handler(new FlushOnceATurn())
              .connect(server.getLocalSocketAddress())
              .sync()
              .channel();

      boolean waits =
          loop.submit(
                  () -> {
                    channel.write(Unpooled.wrappedBuffer(new byte[FIRST_BYTES]));
                    channel.flush();
                    channel.write(Unpooled.wrappedBuffer(new byte[MORE_BYTES]));
                    return !channel.isWritable();
                  })
              .get(Waits.SECONDS, TimeUnit.SECONDS);

      assertThat(waits).isTrue();
      try (Socket peer = server.accept()) {
        assertThat(peer.getInputStream().readNBytes(FIRST_BYTES + MORE_BYTES))
            .hasSize(FIRST_BYTES + MORE_BYTES);
      }
    } finally {
      loop.shutdownGracefully(0, Waits.SECONDS, TimeUnit.SECONDS).sync();
    }
  }
}
