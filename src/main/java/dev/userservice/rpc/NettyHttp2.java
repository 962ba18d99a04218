package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2HeadersDecoder;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.lang.reflect.Field;

/**
 * Changes private fields of Netty's HTTP/2 decoder, which would make one bad call end the
 * connection of all others.
 *
 * <p>Vert.x builds the decoder and offers no way to replace it. With a Netty whose fields have
 * other names, the server behaves as Netty does; a test fails then, and one log line reports it.
 */
final class NettyHttp2 {

  private static final Logger LOG = LoggerFactory.getLogger(NettyHttp2.class);

  /** The max size of a header block that ends its own call only; a larger one ends all calls. */
  private static final long MAX_HEADER_BLOCK_BYTES = 1 << 20;

  private static final Field DELEGATE;
  private static final Field FRAME_READER;
  private static final Field VALIDATE_HEADERS;
  private static final Field VALIDATE_HEADER_VALUES;

  static {
    Field delegate = null;
    Field frameReader = null;
    Field validateHeaders = null;
    Field validateHeaderValues = null;
    try {
      delegate = field(DecoratingHttp2ConnectionDecoder.class, "delegate");
      frameReader = field(DefaultHttp2ConnectionDecoder.class, "frameReader");
      validateHeaderValues = field(DefaultHttp2HeadersDecoder.class, "validateHeaderValues");
      validateHeaders = field(DefaultHttp2HeadersDecoder.class, "validateHeaders");
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.warn("This version of Netty ends a connection because of one malformed call", e);
    }
    DELEGATE = delegate;
    FRAME_READER = frameReader;
    VALIDATE_HEADERS = validateHeaders;
    VALIDATE_HEADER_VALUES = validateHeaderValues;
  }

  private final Http2HeadersDecoder.Configuration headers;

  private NettyHttp2(Http2HeadersDecoder.Configuration headers) {
    this.headers = headers;
  }

  /**
   * Turns off the checks of headers, which {@link RequestHeaders} replaces, and ignores frames of
   * closed streams. Call once per connection.
   */
  static NettyHttp2 open(Http2ConnectionHandler http2) {
    if (VALIDATE_HEADERS == null) {
      return new NettyHttp2(null);
    }
    try {
      Http2ConnectionDecoder decoder = http2.decoder();
      while (decoder instanceof DecoratingHttp2ConnectionDecoder) {
        decoder = (Http2ConnectionDecoder) DELEGATE.get(decoder);
      }
      Http2FrameReader reader = (Http2FrameReader) FRAME_READER.get(decoder);
      Http2HeadersDecoder.Configuration headers = reader.configuration().headersConfiguration();
      VALIDATE_HEADERS.setBoolean(headers, false);
      VALIDATE_HEADER_VALUES.setBoolean(headers, false);
      FRAME_READER.set(decoder, new Reader(reader, http2));
      return new NettyHttp2(headers);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("the fields were made accessible", e);
    }
  }

  /** Raises the max size of a header block; each SETTINGS ACK lowers it again. */
  void limitHeaders() throws Http2Exception {
    if (headers != null) {
      long max = headers.maxHeaderListSize();
      headers.maxHeaderListSize(max, Math.max(max, MAX_HEADER_BLOCK_BYTES));
    }
  }

  private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  /** Netty's reader, with {@link ClosedStreams} between it and Netty's own listener. */
  private static final class Reader implements Http2FrameReader {

    private final Http2FrameReader reader;
    private final Http2ConnectionHandler http2;
    private ClosedStreams filter;
    private Http2FrameListener filtered;

    Reader(Http2FrameReader reader, Http2ConnectionHandler http2) {
      this.reader = reader;
      this.http2 = http2;
    }

    @Override
    public void readFrame(ChannelHandlerContext ctx, ByteBuf input, Http2FrameListener listener)
        throws Http2Exception {
      if (listener != filtered) {
        filtered = listener;
        filter = new ClosedStreams(listener, http2.connection());
      }
      reader.readFrame(ctx, input, filter);
    }

    @Override
    public Configuration configuration() {
      return reader.configuration();
    }

    @Override
    public void close() {
      reader.close();
    }
  }
}
