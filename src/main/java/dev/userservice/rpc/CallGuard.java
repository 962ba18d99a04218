package dev.userservice.rpc;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_PRIORITY_WEIGHT;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * Decides for each call of an HTTP/2 connection whether it may start, once its headers have been
 * read and its stream exists: so a refused call is refused alone, by a reset of its stream. Counts
 * the bytes that calls send until they are read.
 */
final class CallGuard extends Http2FrameListenerDecorator {

  /**
   * The max number of open calls of a peer that has not acknowledged our SETTINGS, and may not know
   * the limit: many clients assume 100, and load generators more.
   */
  private static final int MAX_CALLS_BEFORE_SETTINGS = 1_000;

  /**
   * The max bytes that wait in the socket for a peer that does not read. More than flow control
   * allows, and more than the statuses of all calls that an honest peer may have open.
   */
  private static final long MAX_UNSENT_BYTES = 1 << 20;

  private final Channel channel;
  private final Http2Connection connection;
  private final Http2ConnectionEncoder encoder;
  private final Http2Connection.PropertyKey key;
  private final ConnectionMemory memory;
  private final int maxCalls;
  private final NettyHttp2 netty;
  private final RequestHeaders rules = new RequestHeaders();

  /** A stream that Netty opened, and that is neither accepted nor closed yet. */
  private Http2Stream undecided;

  private boolean settingsKnown;
  private boolean refusing;
  private Runnable onPingAnswered = () -> {};

  /**
   * @param maxCalls the max number of open calls
   */
  CallGuard(
      Http2FrameListener listener,
      Channel channel,
      Http2ConnectionHandler http2,
      ConnectionMemory memory,
      int maxCalls)
      throws Http2Exception {
    super(listener);
    this.channel = channel;
    this.connection = http2.connection();
    this.encoder = http2.encoder();
    this.memory = memory;
    this.maxCalls = maxCalls;
    key = connection.newKey();
    netty = NettyHttp2.open(http2);
    takeOver();
    connection.addListener(
        new Http2ConnectionAdapter() {
          @Override
          public void onStreamAdded(Http2Stream stream) {
            closeUndecided();
            undecided = stream;
          }

          @Override
          public void onStreamClosed(Http2Stream stream) {
            CallMemory call = stream.getProperty(key);
            if (call != null) {
              call.close();
            }
          }
        });
  }

  /** Sets a handler for the peer's answer to the PING of {@link GracefulClose}. */
  void onPingAnswered(Runnable handler) {
    onPingAnswered = handler;
  }

  /**
   * Closes a stream that was refused by Netty, or before Vert.x knew it: the handling of connection
   * errors in Vert.x fails for open streams that it does not know.
   */
  void closeUndecided() {
    Http2Stream stream = undecided;
    undecided = null;
    if (stream != null) {
      stream.close();
    }
  }

  /** Refuses all further calls; returns the id of the last one that was not refused. */
  int refuseNewCalls() {
    refusing = true;
    return connection.remote().lastStreamCreated();
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    onHeadersRead(ctx, streamId, headers, 0, DEFAULT_PRIORITY_WEIGHT, false, padding, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end)
      throws Http2Exception {
    if (mayStart(ctx, streamId, headers)) {
      try {
        super.onHeadersRead(ctx, streamId, headers, dependency, weight, exclusive, padding, end);
      } catch (RuntimeException failure) {
        throw failed(streamId, failure);
      }
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean end)
      throws Http2Exception {
    Http2Stream stream = connection.stream(streamId);
    CallMemory call = stream == null ? null : stream.getProperty(key);
    if (call != null) {
      call.received(data.readableBytes());
    }
    return super.onDataRead(ctx, streamId, data, padding, end);
  }

  @Override
  public void onSettingsAckRead(ChannelHandlerContext ctx) throws Http2Exception {
    super.onSettingsAckRead(ctx);
    settingsKnown = true;
    takeOver();
  }

  @Override
  public void onPingAckRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    if (data == GracefulClose.PING) {
      onPingAnswered.run();
    } else {
      super.onPingAckRead(ctx, data);
    }
  }

  /** Stops Netty from refusing calls before their stream exists; each SETTINGS ACK undoes it. */
  private void takeOver() throws Http2Exception {
    connection.remote().maxActiveStreams(Integer.MAX_VALUE);
    netty.limitHeaders();
  }

  /** Turns an exception of Vert.x for one call into an error of its stream. */
  private static Http2Exception failed(int streamId, RuntimeException failure) {
    return Http2Exception.streamError(
        streamId, Http2Error.INTERNAL_ERROR, failure, "the call could not start");
  }

  /** Returns true if headers may be passed on to Vert.x; resets the stream of a refused call. */
  private boolean mayStart(ChannelHandlerContext ctx, int streamId, Http2Headers headers)
      throws Http2Exception {
    Http2Stream stream = connection.stream(streamId);
    if (stream.getProperty(key) != null) {
      // Trailers, which are ignored.
      return true;
    }
    Http2Error refusal = refusal(stream, headers);
    if (refusal == null) {
      return true;
    }
    encoder.writeRstStream(ctx, streamId, refusal.code(), ctx.newPromise());
    return false;
  }

  /**
   * Opens the memory of a call.
   *
   * @return the error to refuse it with, or null; after REFUSED_STREAM its client may retry
   */
  private Http2Error refusal(Http2Stream stream, Http2Headers headers) throws Http2Exception {
    if (refusing || memory.calls() >= maxCalls() || !memory.unsent(unsentBytes())) {
      return Http2Error.REFUSED_STREAM;
    }
    long bytes = rules.check(headers);
    if (bytes == RequestHeaders.MALFORMED) {
      return Http2Error.PROTOCOL_ERROR;
    }
    CallMemory call = memory.openCall(ConnectionMemory.CALL_BYTES + bytes);
    if (call == null) {
      return Http2Error.REFUSED_STREAM;
    }
    call.stream(stream, encoder.flowController());
    stream.setProperty(key, call);
    undecided = null;
    memory.arriving(call);
    return null;
  }

  private int maxCalls() {
    return settingsKnown ? maxCalls : Math.max(maxCalls, MAX_CALLS_BEFORE_SETTINGS);
  }

  private long unsentBytes() throws Http2Exception {
    if (channel.isWritable()) {
      return 0;
    }
    long bytes = channel.bytesBeforeWritable();
    if (bytes > MAX_UNSENT_BYTES) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "%d bytes of responses are unread", bytes);
    }
    return bytes;
  }
}
