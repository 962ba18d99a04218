package dev.userservice.load;

import com.google.protobuf.MessageLite;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;

/** Unary: creates a user. */
final class CreateExchange extends UserExchange {

  private final NewUsers users;
  private CreateUserRequest request;

  CreateExchange(NewUsers users) {
    this.users = users;
  }

  @Override
  MessageLite next() {
    request = users.next();
    return request;
  }

  @Override
  String wrong(UserResponse user) {
    return user.getUserId() > 0 && user.getEmail().equals(request.getEmail())
        ? null
        : "the server answered with another user than the one to create";
  }
}
