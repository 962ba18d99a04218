package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameAllocatorTest {

  private static final int HEADER_BYTES = 9;

  @Test
  void smallFramesAreOnTheHeap_andWhatIsLargeReadOrSentIsDirect() {
    ByteBuf block = FrameAllocator.INSTANCE.buffer();
    ByteBuf frame = FrameAllocator.INSTANCE.buffer(HEADER_BYTES);
    ByteBuf large = FrameAllocator.INSTANCE.buffer(JoinedWrites.LARGE_BYTES);
    ByteBuf read = FrameAllocator.INSTANCE.ioBuffer(HEADER_BYTES);
    ByteBuf sent = FrameAllocator.INSTANCE.directBuffer(HEADER_BYTES);

    assertThat(List.of(block, frame)).noneMatch(ByteBuf::isDirect);
    assertThat(List.of(large, read, sent)).allMatch(ByteBuf::isDirect);
    for (ByteBuf buffer : List.of(block, frame, large, read, sent)) {
      assertThat(buffer.release()).isTrue();
    }
  }
}
