package dev.userservice.rpc;

import dev.userservice.kit.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One HTTP/2 connection that sends any bytes; it does not know the rules of gRPC. */
final class RawClient implements AutoCloseable {

  private static final EventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  private final Channel connection;

  RawClient(int port) {
    connection =
        new Bootstrap()
            .group(LOOPS)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient()
                                .initialSettings(Http2Settings.defaultSettings())
                                .validateHeaders(false)
                                .build(),
                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                            new GoAways());
                  }
                })
            .connect("127.0.0.1", port)
            .syncUninterruptibly()
            .channel();
  }

  /** The connection itself, for frames that belong to no call. */
  Channel connection() {
    return connection;
  }

  /** Completes when the connection is closed. */
  boolean awaitClosed() throws InterruptedException {
    return connection.closeFuture().await(Waits.SECONDS, TimeUnit.SECONDS);
  }

  RawCall post(String path, Map<String, String> headers) {
    return open("POST", path, headers, false);
  }

  /** Starts a call; {@code end} half-closes it with its headers. */
  RawCall open(String method, String path, Map<String, String> headers, boolean end) {
    Http2Headers head =
        new DefaultHttp2Headers(false).method(method).path(path).scheme("http").authority("test");
    headers.forEach(head::add);
    return open(head, end);
  }

  /** Starts a call with any headers, right or wrong. */
  RawCall open(Http2Headers head, boolean end) {
    Response response = new Response();
    Http2StreamChannel stream =
        new Http2StreamChannelBootstrap(connection)
            .handler(response)
            .open()
            .syncUninterruptibly()
            .getNow();
    stream.writeAndFlush(new DefaultHttp2HeadersFrame(head, end)).syncUninterruptibly();
    return new RawCall(stream, response);
  }

  @Override
  public void close() {
    connection.close().syncUninterruptibly();
  }

  /** One stream. */
  record RawCall(Http2StreamChannel stream, Response response) {

    RawCall data(byte[] bytes, boolean end) {
      stream.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), end));
      return this;
    }

    /** Half-closes with trailers, which gRPC does not do but HTTP/2 allows. */
    RawCall endWithTrailers() {
      stream.writeAndFlush(
          new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().add("x-trailer", "1"), true));
      return this;
    }

    void reset() {
      stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
    }

    /** Waits for the end of the answer; fails without one. */
    Answer answer() throws Exception {
      return response.answer.get(Waits.SECONDS, TimeUnit.SECONDS);
    }
  }

  /** The answer to a call. */
  record Answer(Http2Headers headers, Http2Headers trailers, byte[] body) {

    String httpStatus() {
      return headers.status().toString();
    }

    int grpcStatus() {
      CharSequence status = header("grpc-status");
      return status == null ? -1 : Integer.parseInt(status.toString());
    }

    String message() {
      CharSequence message = header("grpc-message");
      return message == null
          ? ""
          : URLDecoder.decode(message.toString().replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    CharSequence header(String name) {
      CharSequence trailer = trailers == null ? null : trailers.get(name);
      return trailer == null ? headers.get(name) : trailer;
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  private static final class Response extends ChannelInboundHandlerAdapter {

    private final CompletableFuture<Answer> answer = new CompletableFuture<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private Http2Headers headers;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      try {
        if (message instanceof Http2HeadersFrame frame) {
          Http2Headers trailers = headers == null ? null : frame.headers();
          headers = headers == null ? frame.headers() : headers;
          end(frame.isEndStream(), trailers);
        } else if (message instanceof Http2DataFrame frame) {
          ByteBuf content = frame.content();
          body.writeBytes(ByteBufUtil.getBytes(content));
          end(frame.isEndStream(), null);
        } else if (message instanceof Http2ResetFrame frame) {
          fail("reset with " + frame.errorCode());
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ResetFrame frame) {
        fail("reset with " + frame.errorCode());
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      fail("the stream is closed");
    }

    private void end(boolean end, Http2Headers trailers) {
      if (end) {
        answer.complete(new Answer(headers, trailers, body.toByteArray()));
      }
    }

    private void fail(String why) {
      answer.completeExceptionally(new AssertionError("no status, but " + why));
    }
  }

  /** Ignores frames of the connection. */
  private static final class GoAways extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof Http2GoAwayFrame || message != null) {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
