package dev.userservice.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
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
 * Keeps connections within bounds: their number, memory, idle time, age, control frames, and the
 * number of unauthenticated ones. Finds dead connections.
 *
 * <p>The connection handler of an HTTP server; one for each event loop.
 */
public final class Connections implements Handler<HttpConnection> {

  /**
   * The bounds.
   *
   * @param silentMillis the max time until a connection speaks HTTP, 0 for no limit
   * @param calls the max number of open calls of one connection
   * @param unauthenticated the max number of connections whose caller has not authenticated; 0 when
   *     callers need not
   * @param unauthenticatedMillis the max time of one of those without a call
   * @param idleMillis the max time of a connection without a call, 0 for no limit
   * @param ageMillis the max age of a connection, a tenth more or less; 0 for no limit
   * @param ageGraceMillis the time after that for its calls to end
   * @param controlFramesPerSecond the max number of PING, SETTINGS, PRIORITY and unknown frames of
   *     a connection
   * @param keepaliveMillis the time between two PINGs, 0 for none
   * @param keepaliveTimeoutMillis the time for the answer to a PING
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
   * The parts that all event loops share.
   *
   * @param address returns the source address that a peer counts for
   */
  public record Shared(
      MemoryBudget memory,
      ConnectionCounts counts,
      UnauthenticatedConnections unauthenticated,
      Function<SocketAddress, String> address) {}

  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  /** The time after the grace of an old connection for its last statuses. */
  private static final long LAST_STATUS_MILLIS = 500;

  private static final AttributeKey<Peer> PEER = AttributeKey.valueOf(Peer.class, "peer");

  private final Vertx vertx;
  private final Bounds bounds;
  private final Shared shared;
  private final Consumer<HttpConnection> endCalls;

  /**
   * @param endCalls ends the calls of a connection above its maximum age
   */
  public Connections(Vertx vertx, Bounds bounds, Shared shared, Consumer<HttpConnection> endCalls) {
    this.vertx = vertx;
    this.bounds = bounds;
    this.shared = shared;
    this.endCalls = endCalls;
  }

  /** Marks the caller of a connection as authenticated. */
  public static void known(HttpConnection connection) {
    Peer peer = peer(connection);
    if (peer != null) {
      peer.known();
    }
  }

  /** Bounds a connection that was upgraded to a WebSocket, which is one call. */
  static void upgraded(HttpConnection connection, CallMemory call) {
    Peer peer = peer(connection);
    if (peer != null) {
      peer.guard(call);
    }
  }

  /**
   * Calls back when a connection has closed. The handler of the connection itself is one only, and
   * lost with an upgrade to a WebSocket.
   */
  public static void onClose(HttpConnection connection, Runnable closed) {
    channel(connection).closeFuture().addListener(done -> closed.run());
  }

  /** Logs the failure of a connection that does not speak HTTP yet. */
  public static void failed(Throwable failure) {
    log("an unknown peer", failure);
  }

  /** The memory of a connection; null when it is not bounded. */
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

  /** The handler for the channel that accepts, which sees connections before this class does. */
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
    onClose(connection, peer::leave);
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
      peer.startUnauthenticated();
    }
  }

  /** Logs at DEBUG, so that peers cannot fill the log; an Error, such as of memory, at ERROR. */
  private static void log(Object peer, Throwable failure) {
    // HTTP/2 wraps the exceptions of its handlers.
    if (failure instanceof Error || failure.getCause() instanceof Error) {
      LOG.error("Failure of the connection of " + peer, failure);
    } else {
      LOG.debug("Failure of the connection of " + peer, failure);
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
      graceful =
          ConnectionPipeline.http2(channel(connection), http2, memory, bounds, shared.counts);
      timers =
          new ConnectionTimers(vertx, connection, bounds, () -> memory.calls() > 0, this::close);
      timers.start(this::maxAgeReached, this::graceOver);
    }

    /** Bounds an HTTP/1.1 connection, which has no PING to age with. */
    void guard() {
      ConnectionPipeline.http1(channel(connection), memory, bounds);
      if (bounds.ageMillis() > 0) {
        ageTimer =
            vertx.setTimer(
                ConnectionTimers.jittered(bounds.ageMillis()),
                old -> {
                  shared.counts.countAged();
                  if (SocketGuard.isIn(channel(connection))) {
                    ageTimer =
                        vertx.setTimer(Math.max(1, bounds.ageGraceMillis()), late -> graceOver());
                  } else {
                    connection.shutdown(bounds.ageGraceMillis(), TimeUnit.MILLISECONDS);
                  }
                });
      }
    }

    /** Bounds the frames of a WebSocket. */
    void guard(CallMemory call) {
      new SocketGuard(memory, call, bounds.controlFramesPerSecond(), shared.counts::countFlooding)
          .addTo(channel(connection));
    }

    /** Limits the number and the time of such connections until their caller authenticates. */
    void startUnauthenticated() {
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

    private void maxAgeReached() {
      shared.counts.countAged();
      graceful.begin(bounds.ageGraceMillis() + LAST_STATUS_MILLIS);
    }

    private void graceOver() {
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
