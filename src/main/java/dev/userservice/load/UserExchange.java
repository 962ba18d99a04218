package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.userservice.proto.UserResponse;

/** Unary: a request answered with one user. */
abstract class UserExchange extends Exchange {

  private boolean answered;

  /** The request of the next call. */
  abstract MessageLite next();

  /** The fault in the answer, or null. */
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
      return "the server sent more than one answer";
    }
    answered = true;
    move(1);
    return wrong(user);
  }

  @Override
  final String missing() {
    return answered ? null : "the server sent no user";
  }
}
