package dev.userservice.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;

/** Unary: creates a user. */
final class CreateExchange extends Exchange {

  private final NewUsers users;
  private CreateUserRequest request;
  private boolean answered;

  CreateExchange(NewUsers users) {
    this.users = users;
  }

  @Override
  void begin(OpenCall call) {
    request = users.next();
    answered = false;
    call.sendLast(request);
  }

  @Override
  String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    UserResponse user = UserResponse.parser().parseFrom(bytes, offset, length);
    if (answered) {
      return "more than one answer";
    }
    answered = true;
    move(1);
    return user.getUserId() > 0 && user.getEmail().equals(request.getEmail())
        ? null
        : "another user than the one that was to be created";
  }

  @Override
  String missing() {
    return answered ? null : "no user came";
  }
}
