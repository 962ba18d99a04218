package dev.userservice.load;

import com.google.protobuf.MessageLite;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserResponse;

/** Unary: asks for one of the known users. */
final class GetExchange extends UserExchange {

  private final KnownUsers users;
  private final GetUserRequest.Builder request = GetUserRequest.newBuilder();
  private UserResponse asked;

  GetExchange(KnownUsers users) {
    this.users = users;
  }

  @Override
  MessageLite next() {
    asked = users.next();
    return request.setUserId(asked.getUserId()).build();
  }

  @Override
  String wrong(UserResponse user) {
    return user.getUserId() == asked.getUserId() && user.getEmail().equals(asked.getEmail())
        ? null
        : "the server answered with user %d instead of user %d"
            .formatted(user.getUserId(), asked.getUserId());
  }
}
