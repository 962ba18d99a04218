package dev.userservice.rpc;

import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Passes on one request at a time of an HTTP/1.1 connection. Requests pipelined behind an open one
 * wait here, up to a limit and in the memory of the connection. Requests above it are dropped, and
 * the connection closes with the response, so that a client retries them (RFC 9112, section 9.3.2).
 *
 * <p>Vert.x would stop reading instead. It then does not notice that the client disconnects, and
 * connection, calls and buffers stay.
 */
final class OneRequestAtATime extends ChannelDuplexHandler {

  private static final int MAX_WAITING = 100;

  /** The approximate size of a request line with its headers; the codec bounds it to 8 KiB. */
  private static final int HEAD_BYTES = 4_096;

  private final ConnectionMemory memory;
  private final Queue<Object> waiting = new ArrayDeque<>();
  private boolean answering;
  private boolean dropping;

  /**
   * @param answering true if a request is open already
   */
  OneRequestAtATime(ConnectionMemory memory, boolean answering) {
    this.memory = memory;
    this.answering = answering;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    boolean next = message instanceof HttpRequest;
    if (waiting.isEmpty() && !dropping && !(next && answering)) {
      answering |= next;
      ctx.fireChannelRead(message);
    } else if (dropping || waiting.size() == MAX_WAITING || !memory.hold(bytes(message))) {
      dropping = true;
      ReferenceCountUtil.release(message);
    } else {
      waiting.add(message);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
    ctx.fireChannelInactive();
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (!endsResponse(message)) {
      ctx.write(message, promise);
      return;
    }
    answering = false;
    boolean last = dropping && waiting.isEmpty();
    ctx.write(message, last ? promise.unvoid().addListener(ChannelFutureListener.CLOSE) : promise);
    if (!waiting.isEmpty()) {
      // In a later turn, because the response before is still being written.
      ctx.executor().execute(() -> passNext(ctx));
    }
  }

  /** Passes on the next request, up to the one behind it. */
  private void passNext(ChannelHandlerContext ctx) {
    while (!waiting.isEmpty() && !(waiting.peek() instanceof HttpRequest && answering)) {
      Object message = waiting.remove();
      memory.release(bytes(message));
      answering |= message instanceof HttpRequest;
      ctx.fireChannelRead(message);
    }
    ctx.fireChannelReadComplete();
  }

  private static int bytes(Object message) {
    return message instanceof ByteBufHolder content
        ? content.content().readableBytes()
        : HEAD_BYTES;
  }

  private static boolean endsResponse(Object message) {
    return message instanceof LastHttpContent
        && !(message instanceof HttpResponse response
            && response.status().codeClass() == HttpStatusClass.INFORMATIONAL);
  }
}
