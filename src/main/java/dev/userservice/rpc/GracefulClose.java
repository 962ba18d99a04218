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
 * Ends an HTTP/2 connection without refusing a call that is on its way (RFC 9113, section 6.8): a
 * GOAWAY that accepts all streams and a PING come first, and the GOAWAY with the last stream only
 * when the peer has answered the PING, since it then starts no more calls here.
 *
 * <p>Vert.x sends the last GOAWAY at once. It begins with a {@link ShutdownEvent}, which waits here
 * for the round trip.
 */
final class GracefulClose extends ChannelInboundHandlerAdapter {

  /** What tells this PING from those that look for dead connections. */
  static final long PING = 0x676F61776179L;

  /** The longest wait for the answer, for peers that are frozen or gone. */
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
   * Begins the end; what asks again later may shorten it.
   *
   * @param millis how long the calls that are under way may take to end
   */
  void begin(long millis) {
    begin(new ShutdownEvent(millis, TimeUnit.MILLISECONDS));
  }

  private void begin(ShutdownEvent close) {
    ChannelHandlerContext codec = ctx.pipeline().context(http2);
    if (codec == null) {
      // The connection closed before its event loop had the time for this.
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
                this::peerKnows,
                Math.min(MAX_ROUND_TRIP_MILLIS, millis / 2),
                TimeUnit.MILLISECONDS);
  }

  /** The peer has read the first GOAWAY, or does not answer. */
  void peerKnows() {
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
    // Past Netty's own books: with this number in them, it would not know a late call's stream, and
    // would take the next frame of it for an error of the connection.
    http2
        .encoder()
        .frameWriter()
        .writeGoAway(
            codec, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, codec.newPromise());
    codec.flush();
    ctx.fireUserEventTriggered(shutdown);
  }
}
