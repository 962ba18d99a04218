package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.net.impl.ShutdownEvent;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Closes an HTTP/2 connection without refusing a call in flight (RFC 9113, section 6.8): first a
 * GOAWAY that accepts all streams, and a PING. The GOAWAY with the last stream follows the peer's
 * answer to the PING, because the peer then starts no more calls on this connection.
 *
 * <p>Vert.x would send the last GOAWAY at once, on a {@link ShutdownEvent}. This class delays that
 * event by the round trip.
 */
final class GracefulClose extends ChannelInboundHandlerAdapter {

  /** The data of this PING, which differ from those of keepalive. */
  static final long PING = 0x676F61776179L;

  /** The max wait for the answer, for peers that are frozen or disconnected. */
  private static final long MAX_ROUND_TRIP_MILLIS = 2_000;

  private final Http2ConnectionHandler http2;
  private final CallGuard guard;
  private ChannelHandlerContext ctx;
  private ShutdownEvent shutdown;
  private ScheduledFuture<?> waiting;

  GracefulClose(Http2ConnectionHandler http2, CallGuard guard) {
    this.http2 = http2;
    this.guard = guard;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (waiting != null) {
      waiting.cancel(false);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event instanceof ShutdownEvent close) {
      // Fired by the thread that stops the server.
      ctx.executor().execute(() -> begin(close));
    } else {
      super.userEventTriggered(ctx, event);
    }
  }

  /**
   * Starts closing; a later call may shorten the time.
   *
   * @param millis the max time for open calls to end
   */
  void begin(long millis) {
    begin(new ShutdownEvent(millis, TimeUnit.MILLISECONDS));
  }

  private void begin(ShutdownEvent close) {
    ChannelHandlerContext codec = ctx.pipeline().context(http2);
    if (codec == null) {
      // The connection closed before this task ran.
      return;
    }
    boolean first = shutdown == null;
    shutdown = close;
    if (!first) {
      if (waiting == null) {
        ctx.fireUserEventTriggered(close);
      }
      return;
    }
    long millis = close.timeUnit().toMillis(close.timeout());
    http2.goAway(
        codec,
        Integer.MAX_VALUE,
        Http2Error.NO_ERROR.code(),
        Unpooled.EMPTY_BUFFER,
        codec.newPromise());
    http2.encoder().writePing(codec, false, PING, codec.newPromise());
    codec.flush();
    waiting =
        ctx.executor()
            .schedule(
                this::roundTripDone,
                Math.min(MAX_ROUND_TRIP_MILLIS, millis / 2),
                TimeUnit.MILLISECONDS);
  }

  /** Sends the last GOAWAY: the peer has read the first one, or does not answer. */
  void roundTripDone() {
    if (waiting == null) {
      return;
    }
    waiting.cancel(false);
    waiting = null;
    int last = guard.refuseNewCalls();
    ChannelHandlerContext codec = ctx.pipeline().context(http2);
    if (codec == null) {
      return;
    }
    // Bypasses Netty's own state: with this id in it, Netty would not know the stream of a late
    // call, and would treat its next frame as an error of the connection.
    http2
        .encoder()
        .frameWriter()
        .writeGoAway(
            codec, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, codec.newPromise());
    codec.flush();
    ctx.fireUserEventTriggered(shutdown);
  }
}
