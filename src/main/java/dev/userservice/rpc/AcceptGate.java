package dev.userservice.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Counts connections from the moment they hold a file of the process; closes connections above the
 * limit, and silent ones. A handler of the channel that accepts.
 */
final class AcceptGate extends ChannelInboundHandlerAdapter {

  private final ConnectionCounts counts;
  private final int silentMillis;
  private final Predicate<Channel> speaks;

  /**
   * @param silentMillis the max time until a peer speaks HTTP, 0 for no limit
   * @param speaks true once a connection speaks HTTP; called on its event loop
   */
  AcceptGate(ConnectionCounts counts, int silentMillis, Predicate<Channel> speaks) {
    this.counts = counts;
    this.silentMillis = silentMillis;
    this.speaks = speaks;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object accepted) {
    Channel peer = (Channel) accepted;
    if (!counts.tryOpen()) {
      peer.unsafe().closeForcibly();
      return;
    }
    peer.closeFuture().addListener(closed -> counts.close());
    if (silentMillis > 0) {
      peer.pipeline().addLast(new Silence());
    }
    ctx.fireChannelRead(peer);
  }

  /** Leaves the pipeline as soon as the connection has an event loop. */
  private final class Silence extends ChannelInitializer<Channel> {

    @Override
    protected void initChannel(Channel peer) {
      Future<?> timeUp =
          peer.eventLoop()
              .schedule(
                  () -> {
                    if (!speaks.test(peer)) {
                      counts.countSilent();
                      peer.close();
                    }
                  },
                  silentMillis,
                  TimeUnit.MILLISECONDS);
      peer.closeFuture().addListener(closed -> timeUp.cancel(false));
    }
  }
}
