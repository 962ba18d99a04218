package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PartialFrameTest {

  private static final int HTTP2_FRAME_BYTES = 16_384;

  @Test
  void messageOf64KiB_growsOnceAfterItsPrefix() {
    Buffer frame = frame(65_536);

    assertThat(capacities(frame, HTTP2_FRAME_BYTES))
        .containsExactly(RequestGate.PREFIX_BYTES, frame.length());
  }

  @Test
  void memory_isAtMostFiveTimesTheReceivedBytes() {
    Buffer frame = frame(100_000);
    PartialFrame partial = new PartialFrame();
    for (int at = 0; at < frame.length(); ) {
      at = partial.take(frame.slice(0, Math.min(frame.length(), at + 100)), at);

      assertThat(partial.capacity()).isLessThanOrEqualTo(Math.min(5 * at, frame.length()));
    }
    assertThat(partial.toBuffer()).isEqualTo(frame);
  }

  /** The sizes that the memory of a frame has had. */
  private static Set<Integer> capacities(Buffer frame, int pieceBytes) {
    Set<Integer> capacities = new LinkedHashSet<>();
    PartialFrame partial = new PartialFrame();
    for (int at = 0; at < frame.length(); ) {
      int end = Math.min(frame.length(), (at / pieceBytes + 1) * pieceBytes);
      at = partial.take(frame.slice(0, end), at);
      capacities.add(partial.capacity());
    }
    assertThat(partial.isComplete()).isTrue();
    return capacities;
  }

  private static Buffer frame(int messageBytes) {
    return Buffer.buffer()
        .appendByte((byte) 0)
        .appendInt(messageBytes)
        .appendBytes(new byte[messageBytes]);
  }
}
