package dev.userservice.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import dev.userservice.proto.TraceContext;
import dev.userservice.proto.UserMessage;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The frames that a link sends; the test answers them. */
class ChatLinkTest {

  private record Frame(long first, List<String> messages, Promise<Void> answer) {}

  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
  private final List<Integer> arrived = new ArrayList<>();
  private int next = 1;
  private final ChatLink link =
      new ChatLink(
          vertx,
          (first, messages, millis) -> {
            Promise<Void> answer = Promise.promise();
            frames.add(
                new Frame(
                    first,
                    messages.stream().map(each -> each.message().getMessage()).toList(),
                    answer));
            return answer.future();
          },
          () -> next,
          () -> {});

  @AfterEach
  void close() {
    vertx.close().await();
  }

  @Test
  void nothingWaits_beforeItHasAnswered() throws Exception {
    on(link::ask);
    on(() -> add(1));

    assertThat(on(() -> List.copyOf(arrived))).containsExactly(1);
    Frame asked = frame();
    assertThat(asked.first).isEqualTo(1);
    assertThat(asked.messages).isEmpty();
  }

  @Test
  void oneFrameInFlight_laterMessagesShareTheNext() throws Exception {
    on(link::ask);
    answer(frame());
    on(() -> add(200));

    Frame first = frame();
    assertThat(first.messages).containsExactly("1");
    assertThat(frames).as("until it is answered").isEmpty();
    answer(first);
    Frame second = frame();
    assertThat(second.first).isEqualTo(2);
    assertThat(second.messages)
        .containsExactlyElementsOf(IntStream.range(2, 66).mapToObj(Integer::toString).toList());
    assertThat(on(() -> List.copyOf(arrived))).containsExactly(1);
  }

  @Test
  void unanswered_isRepeatedUnchanged() throws Exception {
    on(link::ask);
    answer(frame());
    on(() -> add(3));
    Frame first = frame();
    on(() -> first.answer.tryFail("no answer in time"));

    Frame again = frame();
    assertThat(again.first).isEqualTo(first.first);
    assertThat(again.messages).isEqualTo(first.messages);
  }

  /** Otherwise its number would announce the messages added since as lost. */
  @Test
  void repeatedEmptyFrame_includesMessagesAddedSince() throws Exception {
    on(link::ask);
    Frame question = frame();
    on(
        () -> {
          question.answer.fail("unreachable");
          link.markReachable();
          return add(2);
        });

    Frame again = frame();
    assertThat(again.first).isEqualTo(1);
    assertThat(again.messages).containsExactly("1", "2");
  }

  @Test
  void closed_releasesAllMessages() throws Exception {
    on(link::ask);
    answer(frame());
    on(() -> add(100));
    on(
        () -> {
          link.close();
          return null;
        });

    assertThat(on(() -> List.copyOf(arrived))).hasSize(100);
  }

  private Void add(int count) {
    for (int i = 0; i < count; i++) {
      int number = next++;
      link.add(
          new ChatLink.Outgoing(
              number,
              UserMessage.newBuilder().setMessage(Integer.toString(number)).build(),
              TraceContext.getDefaultInstance(),
              1,
              () -> arrived.add(number)));
    }
    return null;
  }

  private Frame frame() throws InterruptedException {
    Frame frame = frames.poll(Waits.SECONDS, TimeUnit.SECONDS);
    assertThat(frame).as("a frame").isNotNull();
    return frame;
  }

  private void answer(Frame frame) {
    on(() -> frame.answer.tryComplete());
  }

  private <T> T on(Supplier<T> work) {
    return Future.<T>future(done -> loop.runOnContext(turn -> done.complete(work.get())))
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }
}
