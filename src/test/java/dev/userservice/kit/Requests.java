package dev.userservice.kit;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import java.util.List;
import java.util.stream.IntStream;

/** Named samples of what callers send. */
public final class Requests {

  private Requests() {}

  public static GetUserRequest get(int userId) {
    return GetUserRequest.newBuilder().setUserId(userId).build();
  }

  public static CreateUserRequest john() {
    return create("John Doe", "john.doe@example.com", 32);
  }

  public static CreateUserRequest create(String name, String email, int age) {
    return CreateUserRequest.newBuilder().setName(name).setEmail(email).setAge(age).build();
  }

  /** Different users, all valid: user0@example.com and so on. */
  public static List<CreateUserRequest> users(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> create("User " + i, "user" + i + "@example.com", i % 100))
        .toList();
  }

  public static ListUsersRequest list(int limit, int afterUserId) {
    return ListUsersRequest.newBuilder().setLimit(limit).setAfterUserId(afterUserId).build();
  }

  public static UserMessage says(int userId, String message) {
    return UserMessage.newBuilder().setUserId(userId).setMessage(message).build();
  }
}
