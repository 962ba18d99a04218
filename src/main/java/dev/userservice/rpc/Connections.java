package dev.userservice.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.AttributeKey;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToIntFunction;

/**
 * Keeps connections within bounds: how many there are, how long one may do nothing, how often it
 * may send frames that cost its sender nothing, how many strangers there may be; and finds out
 * which of them are dead.
 *
 * <p>The connection handler of an HTTP server; one for each event loop.
 */
public final class Connections implements Handler<HttpConnection> {

  /**
   * The bounds.
   *
   * @param connections the most connections of the process
   * @param strangers the most of them whose caller is not known; 0 when callers are not asked who
   *     they are
   * @param strangerMillis how long one of those stays open without a call
   * @param idleMillis how long a connection without a call stays open, 0 for ever
   * @param controlFramesPerSecond the most PING, SETTINGS, PRIORITY and unknown frames of a
   *     connection
   * @param keepaliveMillis how often a connection is asked whether it lives, 0 for never
   * @param keepaliveTimeoutMillis how long it has for the answer
   */
  public record Bounds(
      int connections,
      int strangers,
      int strangerMillis,
      int idleMillis,
      int controlFramesPerSecond,
      int keepaliveMillis,
      int keepaliveTimeoutMillis) {}

  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  /** Frames that may wait for the end of a turn of the event loop before they are sent. */
  private static final int MOST_FLUSHES_TOGETHER = 256;

  /** How many there are, in all of the process. */
  public static final class Counts {

    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger strangers = new AtomicInteger();
    private final LongAdder refused = new LongAdder();
    private final LongAdder refusedStrangers = new LongAdder();
    private final LongAdder flooding = new LongAdder();

    /** Connections. */
    public int open() {
      return open.get();
    }

    /** Connections that were one too many, so far. */
    public long refused() {
      return refused.sum();
    }

    /** Connections that were one too many of those whose caller is not known, so far. */
    public long refusedStrangers() {
      return refusedStrangers.sum();
    }

    /** Connections that were closed because they sent too many control frames, so far. */
    public long flooding() {
      return flooding.sum();
    }
  }

  private static final AttributeKey<Stranger> STRANGER =
      AttributeKey.valueOf(Stranger.class, "caller");

  private final Vertx vertx;
  private final Bounds bounds;
  private final Counts counts;
  private final ToIntFunction<HttpConnection> calls;

  /**
   * @param counts shared by all event loops
   * @param calls how many calls of a connection are open
   */
  public Connections(
      Vertx vertx, Bounds bounds, Counts counts, ToIntFunction<HttpConnection> calls) {
    this.vertx = vertx;
    this.bounds = bounds;
    this.counts = counts;
    this.calls = calls;
  }

  /** The caller of a connection is known from now on. */
  public static void known(HttpConnection connection) {
    Stranger stranger = channel(connection).attr(STRANGER).getAndSet(null);
    if (stranger != null) {
      stranger.leave();
    }
  }

  private static Channel channel(HttpConnection connection) {
    return ((ConnectionBase) connection).channel();
  }

  @Override
  public void handle(HttpConnection connection) {
    connection.exceptionHandler(failure -> log(connection, failure));
    if (!admit(connection)) {
      connection.close();
      return;
    }
    ChannelPipeline pipeline = channel(connection).pipeline();
    Http2ConnectionHandler http2 = pipeline.get(Http2ConnectionHandler.class);
    if (http2 == null) {
      connection.closeHandler(closed -> leave(connection));
      return;
    }
    pipeline.addFirst(new LingeringClose());
    if (bounds.keepaliveMillis() > 0 && pipeline.get(IdleStateHandler.class) != null) {
      // From here on PING finds the dead, and this one would listen to each write.
      pipeline.remove(IdleStateHandler.class);
    }
    // Vert.x flushes after each frame that is not written while it reads: a frame, and a system
    // call, for each message. Last in the pipeline, before HTTP/2: what is flushed together becomes
    // one frame.
    pipeline.addLast(new FlushConsolidationHandler(MOST_FLUSHES_TOGETHER, true));
    http2
        .decoder()
        .frameListener(
            new ControlFrameLimit(
                http2.decoder().frameListener(),
                bounds.controlFramesPerSecond(),
                counts.flooding::increment));
    Watch watch = new Watch(connection);
    connection.closeHandler(
        closed -> {
          leave(connection);
          watch.stop();
        });
  }

  /** Peers must not be able to fill the log, but a lack of memory is never their error. */
  private static void log(HttpConnection connection, Throwable failure) {
    // HTTP/2 wraps what its handlers throw.
    if (failure instanceof Error || failure.getCause() instanceof Error) {
      LOG.error("Connection of " + connection.remoteAddress(), failure);
    } else {
      LOG.debug("Connection of " + connection.remoteAddress(), failure);
    }
  }

  private boolean admit(HttpConnection connection) {
    if (counts.open.incrementAndGet() > bounds.connections()) {
      counts.open.decrementAndGet();
      counts.refused.increment();
      return false;
    }
    if (bounds.strangers() == 0) {
      return true;
    }
    if (counts.strangers.incrementAndGet() > bounds.strangers()) {
      counts.strangers.decrementAndGet();
      counts.open.decrementAndGet();
      counts.refusedStrangers.increment();
      return false;
    }
    channel(connection).attr(STRANGER).set(new Stranger(connection));
    return true;
  }

  private void leave(HttpConnection connection) {
    counts.open.decrementAndGet();
    known(connection);
  }

  /** A connection whose caller is not known yet. */
  private final class Stranger {

    private final HttpConnection connection;
    private final long timer;

    Stranger(HttpConnection connection) {
      this.connection = connection;
      this.timer = vertx.setPeriodic(bounds.strangerMillis(), turn -> look());
    }

    private void look() {
      if (calls.applyAsInt(connection) == 0) {
        connection.shutdown();
      }
    }

    void leave() {
      vertx.cancelTimer(timer);
      counts.strangers.decrementAndGet();
    }
  }

  /** The timers of one connection. */
  private final class Watch {

    private static final long NONE = -1;

    private final HttpConnection connection;
    private long keepalive = NONE;
    private long answer = NONE;
    private long idle = NONE;
    private boolean wasIdle;

    Watch(HttpConnection connection) {
      this.connection = connection;
      if (bounds.keepaliveMillis() > 0) {
        keepalive = vertx.setPeriodic(bounds.keepaliveMillis(), turn -> ask());
      }
      if (bounds.idleMillis() > 0) {
        // Two looks in a row without a call: idle for at least half the time, for at most all of
        // it.
        idle = vertx.setPeriodic(Math.max(1, bounds.idleMillis() / 2), turn -> look());
      }
    }

    private void ask() {
      if (answer != NONE) {
        return;
      }
      answer = vertx.setTimer(bounds.keepaliveTimeoutMillis(), silence -> connection.close());
      connection
          .ping(Buffer.buffer(8).appendLong(System.nanoTime()))
          .onComplete(
              answered -> {
                vertx.cancelTimer(answer);
                answer = NONE;
              });
    }

    private void look() {
      boolean nowIdle = calls.applyAsInt(connection) == 0;
      if (nowIdle && wasIdle) {
        connection.shutdown();
      }
      wasIdle = nowIdle;
    }

    void stop() {
      for (long timer : new long[] {keepalive, answer, idle}) {
        vertx.cancelTimer(timer);
      }
    }
  }
}
