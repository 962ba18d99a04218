package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PartialFrameTest {

  @Test
  void messageOf64KiB_inHttp2Frames_growsOnceAfterItsPrefix() {
    Buffer frame = frame(65_536);

    assertThat(new LinkedHashSet<>(capacities(frame, 16_384).values()))
        .containsExactly(RequestGate.PREFIX_BYTES, frame.length());
  }

  @Test
  void memory_isAtMostFiveTimesTheReceivedBytes() {
    Buffer frame = frame(100_000);

    capacities(frame, 100)
        .forEach(
            (received, capacity) ->
                assertThat(capacity).isLessThanOrEqualTo(Math.min(5 * received, frame.length())));
  }

  /** The memory of a frame after each of its pieces, by the number of received bytes. */
  private static Map<Integer, Integer> capacities(Buffer frame, int pieceBytes) {
    Map<Integer, Integer> capacities = new LinkedHashMap<>();
    PartialFrame partial = new PartialFrame();
    for (int at = 0; at < frame.length(); ) {
      int end = Math.min(frame.length(), (at / pieceBytes + 1) * pieceBytes);
      at = partial.take(frame.slice(0, end), at);
      capacities.put(at, partial.capacity());
    }
    assertThat(partial.isComplete()).isTrue();
    assertThat(partial.toBuffer()).isEqualTo(frame);
    return capacities;
  }

  private static Buffer frame(int messageBytes) {
    return Buffer.buffer()
        .appendByte((byte) 0)
        .appendInt(messageBytes)
        .appendBytes(new byte[messageBytes]);
  }
}
