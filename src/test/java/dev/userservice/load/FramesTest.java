package dev.userservice.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.kit.Requests;
import dev.userservice.proto.GetUserRequest;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FramesTest {

  private final List<Integer> ids = new ArrayList<>();

  private String take(byte[] bytes, int offset, int length) throws InvalidProtocolBufferException {
    ids.add(GetUserRequest.parser().parseFrom(bytes, offset, length).getUserId());
    return null;
  }

  @Test
  void messages_areFound_whereverChunksEnd() {
    Buffer stream =
        Buffer.buffer()
            .appendBuffer(Frames.frame(Requests.get(1)))
            .appendBuffer(Frames.frame(GetUserRequest.getDefaultInstance()))
            .appendBuffer(Frames.frame(Requests.get(70_000)));
    for (int size = 1; size <= stream.length(); size++) {
      Frames frames = new Frames();
      ids.clear();
      for (int at = 0; at < stream.length(); at += size) {
        Buffer chunk = stream.getBuffer(at, Math.min(stream.length(), at + size));
        assertThat(frames.read(chunk, this::take)).isNull();
      }
      assertThat(ids).as("chunks of %d bytes", size).containsExactly(1, 0, 70_000);
      assertThat(frames.isCut()).isFalse();
    }
  }

  @Test
  void truncatedMessage_isDetected() {
    Buffer whole = Frames.frame(Requests.get(70_000));
    Frames frames = new Frames();

    assertThat(frames.read(whole.getBuffer(0, whole.length() - 1), this::take)).isNull();

    assertThat(ids).isEmpty();
    assertThat(frames.isCut()).isTrue();
  }

  @Test
  void invalidMessage_isRefused() {
    byte[] compressed = Frames.frame(Requests.get(1)).getBytes();
    compressed[0] = 1;
    byte[] garbage = {0, 0, 0, 0, 1, -1};

    assertThat(new Frames().read(Buffer.buffer(compressed), this::take))
        .isEqualTo("the server sent a message that is compressed, or larger than 4 MiB");
    assertThat(new Frames().read(Buffer.buffer(new byte[] {0, 127, -1, -1, -1}), this::take))
        .isEqualTo("the server sent a message that is compressed, or larger than 4 MiB");
    assertThat(new Frames().read(Buffer.buffer(new byte[] {0, -1, -1, -1, -1}), this::take))
        .isEqualTo("the server sent a message that is compressed, or larger than 4 MiB");
    assertThat(new Frames().read(Buffer.buffer(garbage), this::take))
        .isEqualTo("the server sent a message that does not match the contract");
  }
}
