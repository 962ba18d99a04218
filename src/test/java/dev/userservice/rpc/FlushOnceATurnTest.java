package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.WriteBufferWaterMark;
import org.junit.jupiter.api.Test;

class FlushOnceATurnTest {

  private static final int FIRST_BYTES = 10;
  private static final int MORE_BYTES = 300;
  private static final WriteBufferWaterMark FULL = new WriteBufferWaterMark(1, 200);

  @Test
  void writeThatFillsTheChannel_isNotSentBeforeItReturns() throws Exception {
    try (LoopbackChannel loopback = new LoopbackChannel(FULL, new FlushOnceATurn())) {
      Channel channel = loopback.channel();

      boolean waits =
          loopback.onLoop(
              () -> {
                channel.write(Unpooled.wrappedBuffer(new byte[FIRST_BYTES]));
                channel.flush();
                channel.write(Unpooled.wrappedBuffer(new byte[MORE_BYTES]));
                return !channel.isWritable();
              });

      assertThat(waits).isTrue();
      assertThat(loopback.received(FIRST_BYTES + MORE_BYTES)).hasSize(FIRST_BYTES + MORE_BYTES);
    }
  }
}
