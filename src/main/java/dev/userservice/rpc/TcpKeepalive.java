package dev.userservice.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;

/**
 * Finds dead peers of HTTP/1.1, which lacks PING: the kernel probes a silent connection, and closes
 * it when no probe is answered. Platforms without these options use their own times, often two
 * hours.
 */
final class TcpKeepalive {

  /** The number of unanswered probes after which a peer is dead. */
  private static final int PROBES = 3;

  private TcpKeepalive() {}

  /**
   * Starts the probes.
   *
   * @param intervalMillis the silence before the first probe
   * @param timeoutMillis the time for an answer; both are rounded up to seconds
   */
  static void start(Channel channel, int intervalMillis, int timeoutMillis) {
    try {
      ChannelConfig config = channel.config();
      config.setOption(ChannelOption.SO_KEEPALIVE, true);
      config.setOption(
          NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), seconds(intervalMillis));
      config.setOption(
          NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
          seconds(timeoutMillis / PROBES));
      config.setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), PROBES);
    } catch (ChannelException closed) {
      // The peer has disconnected meanwhile, which is handled elsewhere.
    }
  }

  private static int seconds(int millis) {
    return (int) Math.max(1, TimeUnit.MILLISECONDS.toSeconds(millis + 999L));
  }
}
