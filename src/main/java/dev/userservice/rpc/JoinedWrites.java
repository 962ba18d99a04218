package dev.userservice.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies the small writes between two flushes into one buffer. The HTTP/2 codec writes the answer
 * of a small call as four, and the socket would take each by itself. A handler between the codec
 * and the socket, for plaintext: TLS joins writes by itself.
 */
final class JoinedWrites extends ChannelDuplexHandler {

  /** The size from which a copy costs more than a buffer of its own. */
  static final int LARGE_BYTES = 1_024;

  /** The max bytes in one buffer; the channel counts them only once they are joined. */
  private static final int MAX_BYTES = 16_384;

  private final List<ByteBuf> small = new ArrayList<>();
  private List<ChannelPromise> promises = new ArrayList<>();
  private int bytes;

  /** True once the connection is lost: later writes fail by themselves. */
  private boolean lost;

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (!lost && message instanceof ByteBuf buffer && buffer.readableBytes() < LARGE_BYTES) {
      small.add(buffer);
      promises.add(promise);
      bytes += buffer.readableBytes();
      if (bytes > MAX_BYTES - LARGE_BYTES) {
        join(ctx);
      }
    } else {
      join(ctx);
      ctx.write(message, promise);
    }
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    join(ctx);
    ctx.flush();
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    join(ctx);
    ctx.close(promise);
  }

  /** Fails unsent writes before the codec ends its streams, as the socket does with its own. */
  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    failAll();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    failAll();
  }

  private void failAll() {
    lost = true;
    small.forEach(ReferenceCountUtil::safeRelease);
    small.clear();
    // The codec answers a failed write with another write and a flush.
    new Joined(promises).complete(new ClosedChannelException());
    promises.clear();
  }

  private void join(ChannelHandlerContext ctx) {
    if (small.isEmpty()) {
      return;
    }
    ByteBuf all = ctx.alloc().directBuffer(bytes);
    for (ByteBuf buffer : small) {
      all.writeBytes(buffer);
      buffer.release();
    }
    small.clear();
    bytes = 0;
    Joined joined = new Joined(promises);
    promises = new ArrayList<>(promises.size());
    ctx.write(all).addListener(joined);
  }

  /** Completes writes as the one that they became. */
  private record Joined(List<ChannelPromise> promises) implements ChannelFutureListener {

    @Override
    public void operationComplete(ChannelFuture written) {
      complete(written.cause());
    }

    /**
     * @param failure null when they were written
     */
    void complete(Throwable failure) {
      for (ChannelPromise promise : promises) {
        if (failure == null) {
          promise.trySuccess();
        } else {
          promise.tryFailure(failure);
        }
      }
    }
  }
}
