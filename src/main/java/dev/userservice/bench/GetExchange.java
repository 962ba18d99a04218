package dev.userservice.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserResponse;

/** Unary: asks for one of the users who are there. */
final class GetExchange extends Exchange {

  private final KnownUsers users;
  private final GetUserRequest.Builder request = GetUserRequest.newBuilder();
  private UserResponse asked;
  private boolean answered;

  GetExchange(KnownUsers users) {
    this.users = users;
  }

  @Override
  void begin(OpenCall call) {
    asked = users.next();
    answered = false;
    call.sendLast(request.setUserId(asked.getUserId()).build());
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
    return user.getUserId() == asked.getUserId() && user.getEmail().equals(asked.getEmail())
        ? null
        : "user %d where user %d was asked for".formatted(user.getUserId(), asked.getUserId());
  }

  @Override
  String missing() {
    return answered ? null : "no user came";
  }
}
