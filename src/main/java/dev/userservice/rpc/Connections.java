package dev.userservice.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.AttributeKey;
import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Keeps connections within bounds: how many there are, what they hold, how long one may do nothing,
 * how old one becomes, how often it may send frames that cost its sender nothing, how many may be
 * unauthenticated; and finds out which of them are dead.
 *
 * <p>The connection handler of an HTTP server; one for each event loop.
 */
public final class Connections implements Handler<HttpConnection> {

  /**
   * The bounds.
   *
   * @param silentMillis how long a connection may take until it speaks HTTP, 0 for ever
   * @param calls the most calls at a time of one connection
   * @param unauthenticated the most connections whose caller has not authenticated; 0 when callers
   *     need not
   * @param unauthenticatedMillis how long one of those stays open without a call
   * @param idleMillis how long a connection without a call stays open, 0 for ever
   * @param ageMillis how old a connection becomes, a tenth more or less; 0 for any age
   * @param ageGraceMillis how long its calls may then take to end
   * @param controlFramesPerSecond the most PING, SETTINGS, PRIORITY and unknown frames of a
   *     connection
   * @param keepaliveMillis how often a connection is asked whether it lives, 0 for never
   * @param keepaliveTimeoutMillis how long it has for the answer
   */
  public record Bounds(
      int silentMillis,
      int calls,
      int unauthenticated,
      int unauthenticatedMillis,
      int idleMillis,
      int ageMillis,
      int ageGraceMillis,
      int controlFramesPerSecond,
      int keepaliveMillis,
      int keepaliveTimeoutMillis) {}

  /**
   * What all event loops share.
   *
   * @param address the source that a peer counts for
   */
  public record Shared(
      MemoryBudget memory,
      ConnectionCounts counts,
      UnauthenticatedConnections unauthenticated,
      Function<SocketAddress, String> address) {}

  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  /** After its grace, how long an old connection has for the last statuses. */
  private static final long LAST_STATUS_MILLIS = 500;

  private static final AttributeKey<Peer> PEER = AttributeKey.valueOf(Peer.class, "peer");

  private final Vertx vertx;
  private final Bounds bounds;
  private final Shared shared;
  private final Consumer<HttpConnection> endCalls;

  /**
   * @param endCalls ends the calls of a connection that has become too old
   */
  public Connections(Vertx vertx, Bounds bounds, Shared shared, Consumer<HttpConnection> endCalls) {
    this.vertx = vertx;
    this.bounds = bounds;
    this.shared = shared;
    this.endCalls = endCalls;
  }

  /** The caller of a connection is known from now on. */
  public static void known(HttpConnection connection) {
    Peer peer = peer(connection);
    if (peer != null) {
      peer.known();
    }
  }

  /** Calls back when a connection has closed, beside the one handler that it has itself. */
  public static void onClose(HttpConnection connection, Runnable closed) {
    channel(connection).closeFuture().addListener(done -> closed.run());
  }

  /** Takes the failures of connections that have not begun to speak HTTP. */
  public static void failed(Throwable failure) {
    log("a peer that is not known yet", failure);
  }

  /** What a connection and its calls hold; null when nothing bounds it. */
  static ConnectionMemory memory(HttpConnection connection) {
    Peer peer = peer(connection);
    return peer == null ? null : peer.memory;
  }

  private static Peer peer(HttpConnection connection) {
    return channel(connection).attr(PEER).get();
  }

  private static Channel channel(HttpConnection connection) {
    return ((ConnectionBase) connection).channel();
  }

  /** For the channel that accepts, before the connections are handed to this. */
  ChannelHandler gate() {
    return new AcceptGate(shared.counts, bounds.silentMillis(), channel -> channel.hasAttr(PEER));
  }

  @Override
  public void handle(HttpConnection connection) {
    connection.exceptionHandler(failure -> log(connection.remoteAddress(), failure));
    Peer peer = new Peer(connection);
    if (!peer.memory.hold(ConnectionMemory.CONNECTION_BYTES)) {
      shared.counts.countRefusedMemory();
      peer.leave();
      connection.close();
      return;
    }
    channel(connection).attr(PEER).set(peer);
    connection.closeHandler(closed -> peer.leave());
    Http2ConnectionHandler http2 = channel(connection).pipeline().get(Http2ConnectionHandler.class);
    if (http2 == null) {
      peer.guard();
    } else {
      try {
        peer.guard(http2);
      } catch (Http2Exception e) {
        throw new IllegalStateException("Netty refuses limits that are within its bounds", e);
      }
    }
    if (bounds.unauthenticated() > 0) {
      peer.isUnauthenticated();
    }
  }

  /** Peers must not be able to fill the log, but a lack of memory is never their error. */
  private static void log(Object peer, Throwable failure) {
    // HTTP/2 wraps what its handlers throw.
    if (failure instanceof Error || failure.getCause() instanceof Error) {
      LOG.error("Connection of " + peer, failure);
    } else {
      LOG.debug("Connection of " + peer, failure);
    }
  }

  /** One connection. Belongs to its event loop, but for {@link #evict}. */
  private final class Peer implements UnauthenticatedConnections.Entry {

    private static final long NONE = -1;

    private final HttpConnection connection;
    private final Context context = vertx.getOrCreateContext();
    private final String address;
    private final ConnectionMemory memory;
    private GracefulClose graceful;
    private ConnectionTimers timers;
    private long unauthenticatedTimer = NONE;
    private long ageTimer = NONE;

    Peer(HttpConnection connection) {
      this.connection = connection;
      address = shared.address.apply(connection.remoteAddress());
      memory = shared.memory.open(address, bounds.unauthenticated() > 0);
    }

    void guard(Http2ConnectionHandler http2) throws Http2Exception {
      Channel channel = channel(connection);
      ChannelPipeline pipeline = channel.pipeline();
      CallGuard guard =
          new CallGuard(
              new ControlFrameLimit(
                  http2.decoder().frameListener(),
                  bounds.controlFramesPerSecond(),
                  shared.counts::countFlooding),
              channel,
              http2,
              memory,
              bounds.calls());
      graceful = new GracefulClose(http2, guard);
      guard.onPingAnswered(graceful::peerKnows);
      http2.decoder().frameListener(guard);
      // By default the bytes of 16 reads pile up in a direct buffer behind a frame that is not
      // complete: a megabyte of each connection, which no budget counts.
      http2.setDiscardAfterReads(1);
      pipeline.addFirst(new LingeringClose(), graceful);
      pipeline.addBefore(
          pipeline.context(http2).name(), null, new StreamFailures(http2.connection(), guard));
      if (pipeline.get(IdleStateHandler.class) != null) {
        // From here on timers look for calls, and this one would listen to each write.
        pipeline.remove(IdleStateHandler.class);
      }
      pipeline.addLast(new FlushOnceATurn());
      timers =
          new ConnectionTimers(vertx, connection, bounds, () -> memory.calls() > 0, this::close);
      timers.start(this::old, this::tooOld);
    }

    /** Bounds an HTTP/1.1 connection, which has no PING to age with. */
    void guard() {
      ChannelPipeline pipeline = channel(connection).pipeline();
      // In plaintext the first request is on its way past this place.
      pipeline.addAfter(
          HttpDoor.ENCODER,
          null,
          new OneRequestAtATime(memory, pipeline.get(HttpDoor.UPGRADE) != null));
      ChannelHandlerContext idle = pipeline.context(IdleStateHandler.class);
      if (idle != null) {
        pipeline.addAfter(idle.name(), null, new IdleGuard(memory));
      }
      if (bounds.keepaliveMillis() > 0) {
        TcpKeepalive.start(
            channel(connection), bounds.keepaliveMillis(), bounds.keepaliveTimeoutMillis());
      }
      if (bounds.ageMillis() > 0) {
        ageTimer =
            vertx.setTimer(
                ConnectionTimers.jittered(bounds.ageMillis()),
                old -> {
                  shared.counts.countAged();
                  connection.shutdown(bounds.ageGraceMillis(), TimeUnit.MILLISECONDS);
                });
      }
    }

    /** The caller is not known yet: it gets little, and not for long. */
    void isUnauthenticated() {
      unauthenticatedTimer =
          vertx.setPeriodic(
              bounds.unauthenticatedMillis(),
              turn -> {
                if (memory.calls() == 0) {
                  close();
                }
              });
      shared.unauthenticated.add(this, bounds.unauthenticated());
    }

    void known() {
      if (unauthenticatedTimer != NONE) {
        vertx.cancelTimer(unauthenticatedTimer);
        unauthenticatedTimer = NONE;
        shared.unauthenticated.remove(this);
        memory.authenticated();
      }
    }

    @Override
    public String address() {
      return address;
    }

    @Override
    public void evict() {
      shared.counts.countClosedUnauthenticated();
      context.runOnContext(turn -> connection.close());
    }

    private void old() {
      shared.counts.countAged();
      graceful.begin(bounds.ageGraceMillis() + LAST_STATUS_MILLIS);
    }

    private void tooOld() {
      endCalls.accept(connection);
    }

    private void close() {
      if (graceful == null) {
        connection.shutdown();
      } else {
        graceful.begin(TimeUnit.SECONDS.toMillis(1));
      }
    }

    void leave() {
      known();
      memory.close();
      vertx.cancelTimer(ageTimer);
      if (timers != null) {
        timers.stop();
      }
    }
  }
}
