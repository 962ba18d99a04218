package dev.userservice.user;

import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.userservice.kit.ChatCaller;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.proto.UserMessage;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * StreamUsers with several grpc-java clients, each on a connection (and so an event loop) of its
 * own.
 */
class ChatTest {

  private final RunningServer server =
      RunningServer.start(
          2, new JsonObject().put("limits", new JsonObject().put("chatQueue", QUEUE)));

  private static final int QUEUE = 64;

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void oneMember_isAnsweredInOrderAndEndsWhenItHalfCloses() throws Exception {
    ChatCaller alice = member();
    for (int i = 0; i < 1_000; i++) {
      alice.says("message " + i);
    }
    alice.halfCloses();

    assertThat(alice.hears.status().getCode()).isEqualTo(Code.OK);
    assertThat(alice.hears.messages())
        .extracting(UserMessage::getMessage)
        .containsExactlyElementsOf(
            IntStream.range(0, 1_000).mapToObj(i -> "Server received: message " + i).toList());
    assertThat(alice.hears.messages()).extracting(UserMessage::getUserId).containsOnly(0);
  }

  @Test
  void twoMembers_hearEachOther() throws Exception {
    ChatCaller alice = member();
    ChatCaller bob = member();
    alice.joins();
    bob.joins();

    UserMessage hello =
        UserMessage.newBuilder().setUserId(1).setMessage("Hello").setTimestamp("just now").build();
    alice.says(hello);
    assertThat(bob.hears(1)).as("passed on as it came").isEqualTo(hello);

    bob.says(says(2, "Hi"));
    UserMessage hi = alice.hears(2);
    assertThat(hi.getMessage()).isEqualTo("Hi");
    assertThat(Instant.parse(hi.getTimestamp())).as("filled in").isBeforeOrEqualTo(Instant.now());
    assertThat(alice.hears.messages())
        .as("no member receives its own message")
        .doesNotContain(hello);
  }

  @Test
  void unknownFields_areNotPassedOn() throws Exception {
    ChatCaller alice = member();
    ChatCaller bob = member();
    alice.joins();
    bob.joins();

    alice.says(
        says(1, "Hi").toBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        999,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.copyFrom(new byte[10_000]))
                            .build())
                    .build())
            .build());

    assertThat(bob.hears(1).getUnknownFields().asMap()).isEmpty();
  }

  @Test
  void badMessage_endsItsStreamAlone() throws Exception {
    List<UserMessage> bad =
        List.of(
            says(1, ""),
            says(1, "x".repeat(4_097)),
            says(1, "\u00e4".repeat(2_049)),
            says(1, "x").toBuilder().setTimestamp("x".repeat(65)).build());
    ChatCaller bob = member();
    bob.joins();

    for (UserMessage message : bad) {
      ChatCaller alice = member();
      alice.says(says(1, "x".repeat(4_096)));
      alice.says(message);

      Status status = alice.hears.status();
      assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(alice.hears.messages()).as("the good message before it").hasSize(1);
    }
    bob.says("still here");
    bob.hears.await(message -> message.getMessage().equals("Server received: still here"));
  }

  @Test
  void memberThatNeverReads_isEndedAloneAndLater() throws Exception {
    ChatCaller alice = member();
    ChatCaller bob = member();
    ChatCaller carol = new ChatCaller(server.async(), Recorder.stalled());
    alice.joins();
    bob.joins();
    carol.says("I shall not listen");
    alice.hears.await(message -> message.getMessage().equals("I shall not listen"));

    // More than the window of a connection and the queue hold; each waits for the answer to the
    // last.
    int count = 500;
    for (int i = 0; i < count; i++) {
      String text = i + " " + "x".repeat(4_000);
      alice.says(says(1, text));
      alice.hears.await(message -> message.getMessage().equals("Server received: " + text));
      bob.hears.await(message -> message.getMessage().equals(text));
    }

    carol.hears.request(Integer.MAX_VALUE);
    assertThat(carol.hears.status().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    bob.says("we go on");
    alice.hears.await(message -> message.getMessage().equals("we go on"));
  }

  @Test
  void burst_reachesReaderThatKeepsUpCompleteAndInOrder() throws Exception {
    ChatCaller alice = member();
    ChatCaller bob = member();
    alice.joins();
    bob.joins();
    int bursts = 100;
    int burst = QUEUE / 2;
    for (int i = 0; i < bursts; i++) {
      for (int j = 0; j < burst; j++) {
        alice.says(says(1, "message " + (i * burst + j)));
      }
      String last = "message " + ((i + 1) * burst - 1);
      bob.hears.await(message -> message.getMessage().equals(last));
    }

    assertThat(bob.hears.messages())
        .filteredOn(message -> message.getUserId() == 1)
        .extracting(UserMessage::getMessage)
        .containsExactlyElementsOf(
            IntStream.range(0, bursts * burst).mapToObj(i -> "message " + i).toList());
  }

  @Test
  void memberThatCancels_leavesTheOthersAlone() throws Exception {
    ChatCaller alice = member();
    ChatCaller bob = member();
    alice.joins();
    bob.joins();

    bob.hears.cancel();
    alice.says("anybody?");

    alice.hears.await(message -> message.getMessage().equals("Server received: anybody?"));
  }

  @Test
  void serverStops_endsOpenStreams() throws Exception {
    ChatCaller alice = member();
    ChatCaller bob = member();
    alice.joins();
    bob.joins();

    server.vertx().close().await();

    assertThat(alice.hears.status().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(bob.hears.status().getCode()).isEqualTo(Code.UNAVAILABLE);
  }

  private ChatCaller member() {
    return new ChatCaller(server.async());
  }
}
