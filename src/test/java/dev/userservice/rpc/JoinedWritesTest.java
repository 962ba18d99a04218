package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JoinedWritesTest {

  private static final int SMALL = 9;
  private static final int LARGE = 1_024;
  private static final int MAX = 16_384;

  /** The sizes of the buffers that reached the socket. */
  private final List<Integer> sizes = new ArrayList<>();

  /** The bytes that these buffers have beside their content. */
  private int spareBytes;

  private LoopbackChannel loopback;
  private Channel channel;

  @BeforeEach
  void connect() throws Exception {
    loopback = new LoopbackChannel(WriteBufferWaterMark.DEFAULT, new Sizes(), new JoinedWrites());
    channel = loopback.channel();
  }

  @AfterEach
  void stop() throws Exception {
    loopback.close();
  }

  @Test
  void smallWrites_areOneBuffer_andEachIsDone() throws Exception {
    List<ChannelFuture> writes = writeAndFlush(SMALL, SMALL, SMALL);

    for (ChannelFuture write : writes) {
      assertThat(write.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(write.isSuccess()).isTrue();
    }
    assertThat(sizes).containsExactly(3 * SMALL);
    assertThat(spareBytes).as("which a caller that does not read would hold").isZero();
    assertReceived(3 * SMALL);
  }

  @Test
  void largeWrite_isNotCopied_andKeepsItsPlace() throws Exception {
    writeAndFlush(SMALL, SMALL, LARGE, SMALL);

    assertThat(sizes).containsExactly(2 * SMALL, LARGE, SMALL);
    assertReceived(3 * SMALL + LARGE);
  }

  @Test
  void manyWrites_areBuffersOfBoundedSize() throws Exception {
    int count = 10 * MAX / SMALL;

    writeAndFlush(IntStream.range(0, count).map(i -> SMALL).toArray());

    assertThat(sizes).hasSizeLessThan(20).allMatch(size -> size <= MAX);
    assertReceived(count * SMALL);
  }

  @Test
  void close_sendsWhatWasWritten() throws Exception {
    loopback.onLoop(
        () -> {
          ChannelPipeline pipeline = channel.pipeline();
          pipeline.addBefore(
              pipeline.context(JoinedWrites.class).name(), null, new LingeringClose());
          write(SMALL, 0);
          channel.flush();
          write(SMALL, SMALL);
          return channel.close();
        });

    assertThat(sizes).startsWith(SMALL, SMALL);
    assertReceived(2 * SMALL);
  }

  @Test
  void writeToAClosedChannel_fails() throws Exception {
    channel.close().sync();

    ChannelFuture write = writeAndFlush(SMALL).get(0);

    assertThat(write.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(write.isSuccess()).isFalse();
  }

  @Test
  void removedHandler_failsWhatItHolds() throws Exception {
    ChannelFuture held =
        loopback.onLoop(
            () -> {
              ChannelFuture write = write(SMALL, 0);
              channel.pipeline().remove(JoinedWrites.class);
              return write;
            });

    assertThat(held.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(held.isSuccess()).isFalse();
    assertThat(sizes).isEmpty();
  }

  @Test
  void lostConnection_failsWhatItHolds_andWhatIsWrittenThen() throws Exception {
    ByteBuf held = Unpooled.wrappedBuffer(new byte[SMALL]);
    ByteBuf last = Unpooled.wrappedBuffer(new byte[SMALL]);
    ChannelPromise lastWritten = channel.newPromise();
    List<String> seen = new ArrayList<>();
    loopback.onLoop(
        () -> {
          channel.pipeline().addLast(new Inactive(() -> seen.add("inactive")));
          // As the codec does: it answers a failed write with more of them.
          ChannelHandlerContext codec = channel.pipeline().lastContext();
          codec
              .write(held)
              .addListener(
                  failed -> {
                    seen.add("failed");
                    codec.writeAndFlush(last, lastWritten);
                  });
          channel.unsafe().close(channel.voidPromise());
          return null;
        });

    assertThat(lastWritten.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(lastWritten.isSuccess()).isFalse();
    assertThat(List.of(held.refCnt(), last.refCnt())).containsOnly(0);
    assertThat(loopback.onLoop(() -> List.copyOf(seen))).containsExactly("failed", "inactive");
  }

  private List<ChannelFuture> writeAndFlush(int... sizes) throws Exception {
    return loopback.onLoop(
        () -> {
          List<ChannelFuture> writes = new ArrayList<>();
          int from = 0;
          for (int size : sizes) {
            writes.add(write(size, from));
            from += size;
          }
          channel.flush();
          return writes;
        });
  }

  /** Writes the next bytes of a sequence. */
  private ChannelFuture write(int size, int from) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (from + i);
    }
    return channel.write(Unpooled.wrappedBuffer(bytes));
  }

  private void assertReceived(int count) throws Exception {
    byte[] received = loopback.received(count);
    assertThat(received).hasSize(count);
    for (int i = 0; i < count; i++) {
      assertThat(received[i]).isEqualTo((byte) i);
    }
  }

  private static final class Inactive extends ChannelInboundHandlerAdapter {

    private final Runnable told;

    Inactive(Runnable told) {
      this.told = told;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      told.run();
    }
  }

  private final class Sizes extends ChannelOutboundHandlerAdapter {

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      ByteBuf bytes = (ByteBuf) message;
      sizes.add(bytes.readableBytes());
      spareBytes += bytes.capacity() - bytes.readableBytes();
      ctx.write(message, promise);
    }
  }
}
