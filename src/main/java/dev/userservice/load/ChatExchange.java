package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.UserMessage;

/**
 * Bidirectional streaming: says something, waits for the server's answer to it, and goes on. What
 * others say comes in between, and is counted too. Saying all at once would try out how much the
 * room lets wait for a reader, and end there.
 */
final class ChatExchange extends Exchange {

  private final int member;
  private final int messages;
  private final String words;
  private int answered;
  private String expected;

  /**
   * @param member who speaks, 1 or more
   * @param words what every message begins with
   */
  ChatExchange(int member, int messages, String words) {
    this.member = member;
    this.messages = messages;
    this.words = words;
  }

  @Override
  void begin(OpenCall call) {
    answered = 0;
    say(call);
  }

  private void say(OpenCall call) {
    String text = words + answered;
    expected = "Server received: " + text;
    call.send(UserMessage.newBuilder().setUserId(member).setMessage(text).build());
  }

  @Override
  String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    UserMessage heard = UserMessage.parser().parseFrom(bytes, offset, length);
    move(1);
    // Other programs may speak as 0 too.
    if (heard.getUserId() == 0 && heard.getMessage().equals(expected)) {
      answered++;
      if (answered < messages) {
        say(call);
      } else {
        expected = "";
        call.halfClose();
      }
    }
    return null;
  }

  @Override
  String missing() {
    return answered == messages
        ? null
        : "answers to %d messages of %d".formatted(answered, messages);
  }
}
