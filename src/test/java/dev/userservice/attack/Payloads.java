package dev.userservice.attack;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import dev.userservice.kit.Requests;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.rpc.Frames;
import java.io.ByteArrayOutputStream;
import java.util.function.IntFunction;

/** Message frames of attackers. */
final class Payloads {

  /** The largest message that servers accept unless configured otherwise, from old versions on. */
  static final int LARGEST = 4 << 20;

  /** Small enough for every limit of messages. */
  static final int MODERATE = 60 << 10;

  private static final int UNKNOWN_FIELD = 1_000;
  private static final int START_GROUP = 3;
  private static final int END_GROUP = 4;
  private static final int GROUP_FIELD = 15;

  private Payloads() {}

  /** A message with an unknown field that gives it a size, in gzip. */
  static byte[] padded(Message message, int bytes) {
    Field padding =
        Field.newBuilder().addLengthDelimited(ByteString.copyFrom(new byte[bytes - 128])).build();
    return Frames.gzipped(
        message.toBuilder()
            .setUnknownFields(UnknownFieldSet.newBuilder().addField(UNKNOWN_FIELD, padding).build())
            .build());
  }

  /** Unknown groups nested to a depth, repeated until they fill a message, in gzip. */
  static byte[] groups(int depth, int bytes) {
    ByteArrayOutputStream nest = new ByteArrayOutputStream();
    for (int kind : new int[] {START_GROUP, END_GROUP}) {
      for (int i = 0; i < depth; i++) {
        nest.write(GROUP_FIELD << 3 | kind);
      }
    }
    return Frames.frame(1, Frames.gzip(repeated(nest.toByteArray(), bytes)));
  }

  /** A valid user, different for each number. */
  static CreateUserRequest user(String prefix, int number) {
    return Requests.create(prefix + " " + number, prefix + number + "@example.com", number % 100);
  }

  /** Frames of several messages, one after the other. */
  static byte[] series(int count, IntFunction<byte[]> frame) {
    ByteArrayOutputStream series = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      series.writeBytes(frame.apply(i));
    }
    return series.toByteArray();
  }

  /** A frame that announces a message and sends a part of it. */
  static byte[] partial(int announced, int sent) {
    return Frames.frame(0, announced, new byte[sent]);
  }

  private static byte[] repeated(byte[] part, int bytes) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    while (whole.size() + part.length <= bytes) {
      whole.writeBytes(part);
    }
    return whole.toByteArray();
  }
}
