package dev.userservice.compare;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserMessage;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/** Request bodies: messages in gRPC's frames, one behind the other. */
final class Frames {

  /** A field that the contract does not have, and that every protobuf reads over. */
  private static final int UNKNOWN_FIELD = 1_000;

  private static final int PREFIX_BYTES = 5;

  private static final String NO_NUMBER = "000000000";

  private Frames() {}

  static Buffer of(Message message) {
    return of(List.of(message));
  }

  static Buffer of(List<? extends Message> messages) {
    Buffer frames = Buffer.buffer();
    for (Message message : messages) {
      byte[] bytes = message.toByteArray();
      frames.appendByte((byte) 0).appendInt(bytes.length).appendBytes(bytes);
    }
    return frames;
  }

  /** Returns the number of messages; fails when the last is cut off. */
  static int count(Buffer frames) {
    int count = 0;
    int at = 0;
    while (at < frames.length()) {
      at += PREFIX_BYTES + frames.getInt(at + 1);
      count++;
    }
    if (at != frames.length()) {
      throw new IllegalStateException("the last message is cut off");
    }
    return count;
  }

  /** The bytes of the only message; fails when there are more or fewer. */
  static byte[] only(Buffer frames) {
    if (count(frames) != 1) {
      throw new IllegalStateException("expected one message, got " + count(frames));
    }
    return frames.getBytes(PREFIX_BYTES, frames.length());
  }

  /** Asks for the first user, and carries so many bytes beside the question. */
  static Buffer get(int payloadBytes) {
    GetUserRequest.Builder request = GetUserRequest.newBuilder().setUserId(1);
    if (payloadBytes > 0) {
      ByteString ballast = ByteString.copyFrom(new byte[payloadBytes]);
      request.setUnknownFields(
          UnknownFieldSet.newBuilder()
              .addField(
                  UNKNOWN_FIELD,
                  UnknownFieldSet.Field.newBuilder().addLengthDelimited(ballast).build())
              .build());
    }
    return of(request.build());
  }

  /**
   * Different users; the e-mail addresses of no two numbers are the same. Digits are written over a
   * template: a generator that takes more time than the server would be what is measured.
   */
  static Buffer users(int firstNumber, int count) {
    byte[] template =
        of(CreateUserRequest.newBuilder()
                .setName("User " + NO_NUMBER)
                .setEmail("user" + NO_NUMBER + "@example.com")
                .setAge(30)
                .build())
            .getBytes();
    String text = new String(template, StandardCharsets.ISO_8859_1);
    int name = text.indexOf(NO_NUMBER);
    int email = text.lastIndexOf(NO_NUMBER);
    byte[] frames = new byte[template.length * count];
    for (int i = 0; i < count; i++) {
      int frame = i * template.length;
      System.arraycopy(template, 0, frames, frame, template.length);
      writeDigits(frames, frame + name, firstNumber + i);
      writeDigits(frames, frame + email, firstNumber + i);
    }
    return Buffer.buffer(frames);
  }

  private static void writeDigits(byte[] bytes, int at, int number) {
    int left = number;
    for (int i = at + NO_NUMBER.length() - 1; i >= at; i--) {
      bytes[i] = (byte) ('0' + left % 10);
      left /= 10;
    }
  }

  static Buffer chat(int count) {
    UserMessage message = UserMessage.newBuilder().setUserId(1).setMessage("Hello").build();
    return of(IntStream.range(0, count).mapToObj(number -> message).toList());
  }
}
