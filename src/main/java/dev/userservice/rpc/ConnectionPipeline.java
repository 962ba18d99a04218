package dev.userservice.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;

/** Adds the handlers that bound a connection to the pipeline that Vert.x made for it. */
final class ConnectionPipeline {

  private ConnectionPipeline() {}

  /** Adds the handlers of an HTTP/2 connection; returns the one that closes it. */
  static GracefulClose http2(
      Channel channel,
      Http2ConnectionHandler http2,
      ConnectionMemory memory,
      Connections.Bounds bounds,
      ConnectionCounts counts)
      throws Http2Exception {
    ChannelPipeline pipeline = channel.pipeline();
    CallGuard guard =
        new CallGuard(
            new ControlFrameLimit(
                http2.decoder().frameListener(),
                bounds.controlFramesPerSecond(),
                counts::countFlooding),
            channel,
            http2,
            memory,
            bounds.calls());
    GracefulClose graceful = new GracefulClose(http2, guard);
    guard.onPingAnswered(graceful::roundTripDone);
    http2.decoder().frameListener(guard);
    // By default the bytes of 16 reads pile up in a direct buffer behind an incomplete frame: a
    // megabyte for each connection, which no budget counts.
    http2.setDiscardAfterReads(1);
    pipeline.addFirst(new LingeringClose(), graceful);
    pipeline.addBefore(
        pipeline.context(http2).name(), null, new StreamFailures(http2.connection(), guard));
    channel.config().setAllocator(FrameAllocator.INSTANCE);
    if (pipeline.get(SslHandler.class) == null) {
      pipeline.addBefore(pipeline.context(StreamFailures.class).name(), null, new JoinedWrites());
    }
    if (pipeline.get(IdleStateHandler.class) != null) {
      // ConnectionTimers find idle connections; this handler would also listen to each write.
      pipeline.remove(IdleStateHandler.class);
    }
    pipeline.addLast(new FlushOnceATurn());
    return graceful;
  }

  /** Adds the handlers of an HTTP/1.1 connection. */
  static void http1(Channel channel, ConnectionMemory memory, Connections.Bounds bounds) {
    ChannelPipeline pipeline = channel.pipeline();
    // In plaintext the first request has already passed this place.
    pipeline.addAfter(
        HttpDoor.ENCODER,
        null,
        new OneRequestAtATime(memory, pipeline.get(HttpDoor.UPGRADE) != null));
    ChannelHandlerContext idle = pipeline.context(IdleStateHandler.class);
    if (idle != null) {
      pipeline.addAfter(idle.name(), null, new IdleGuard(memory));
    }
    if (bounds.keepaliveMillis() > 0) {
      TcpKeepalive.start(channel, bounds.keepaliveMillis(), bounds.keepaliveTimeoutMillis());
    }
  }
}
