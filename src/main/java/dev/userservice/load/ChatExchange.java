package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.UserMessage;

/**
 * Bidirectional streaming: sends a message, waits for the server's answer to it, and sends the
 * next. Messages of other members arrive in between and are counted too. Sending all at once would
 * only exceed the limit of messages that may wait for a slow reader.
 */
final class ChatExchange extends Exchange {

  private final int member;
  private final int messages;
  private final String words;
  private int answered;
  private String expected;

  /**
   * @param member the sender's id, 1 or more
   * @param words the start of every message
   */
  ChatExchange(int member, int messages, String words) {
    this.member = member;
    this.messages = messages;
    this.words = words;
  }

  @Override
  void begin(OpenCall call) {
    answered = 0;
    sendNext(call);
  }

  private void sendNext(OpenCall call) {
    String text = words + answered;
    expected = "Server received: " + text;
    call.send(UserMessage.newBuilder().setUserId(member).setMessage(text).build());
  }

  @Override
  String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    UserMessage message = UserMessage.parser().parseFrom(bytes, offset, length);
    move(1);
    // Other programs may speak as 0 too.
    if (message.getUserId() == 0 && message.getMessage().equals(expected)) {
      answered++;
      if (answered < messages) {
        sendNext(call);
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
        : "the server answered %d messages of %d".formatted(answered, messages);
  }
}
