package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.userservice.proto.UserResponse;

/** Unary: a request that one user answers. */
abstract class UserExchange extends Exchange {

  private boolean answered;

  /** What the next call asks for. */
  abstract MessageLite next();

  /** What is wrong with the user who came; null when nothing is. */
  abstract String wrong(UserResponse user);

  @Override
  final void begin(OpenCall call) {
    answered = false;
    call.sendLast(next());
  }

  @Override
  final String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    UserResponse user = UserResponse.parser().parseFrom(bytes, offset, length);
    if (answered) {
      return "more than one answer";
    }
    answered = true;
    move(1);
    return wrong(user);
  }

  @Override
  final String missing() {
    return answered ? null : "no user came";
  }
}
