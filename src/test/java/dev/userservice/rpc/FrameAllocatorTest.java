package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameAllocatorTest {

  private static final int HEADER_BYTES = 9;

  @Test
  void framesAreOnTheHeap_andWhatIsReadOrSentIsDirect() {
    ByteBuf frame = FrameAllocator.INSTANCE.buffer(HEADER_BYTES);
    ByteBuf read = FrameAllocator.INSTANCE.ioBuffer(HEADER_BYTES);
    ByteBuf sent = FrameAllocator.INSTANCE.directBuffer(HEADER_BYTES);

    assertThat(List.of(frame.isDirect(), read.isDirect(), sent.isDirect()))
        .containsExactly(false, true, true);
    for (ByteBuf buffer : List.of(frame, read, sent)) {
      assertThat(buffer.release()).isTrue();
    }
  }
}
