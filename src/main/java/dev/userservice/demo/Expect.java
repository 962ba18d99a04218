package dev.userservice.demo;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;

/** Checks answers. An unexpected one fails its scenario with the expected and the actual value. */
final class Expect {

  private Expect() {}

  /**
   * Checks a condition.
   *
   * @throws ScenarioException unless {@code asExpected}
   */
  static void that(boolean asExpected, String expected, Object found) {
    if (!asExpected) {
      throw new ScenarioException("expected " + expected + ", but got " + found);
    }
  }

  /** Returns the only response of a call. */
  static <R> R one(List<R> responses) {
    that(responses.size() == 1, "one response", responses.size());
    return responses.get(0);
  }

  /** Checks that any user is as the contract describes it. */
  static void user(UserResponse user) {
    that(user.getUserId() >= 1, "a user with an id of 1 or more", "id " + user.getUserId());
    String who = " of user " + user.getUserId();
    that(!user.getName().isEmpty(), "a name" + who, "none");
    that(user.getEmail().contains("@"), "an e-mail address" + who, quoted(user.getEmail()));
    that(user.getAge() >= 0 && user.getAge() <= 150, "an age of 0 to 150" + who, user.getAge());
    time(user.getCreatedAt(), "created_at" + who);
  }

  /** Checks that a created user is the requested one. */
  static void created(CreateUserRequest request, UserResponse user) {
    user(user);
    that(
        user.getName().equals(request.getName())
            && user.getEmail().equals(request.getEmail())
            && user.getAge() == request.getAge(),
        "%s, %s, %d".formatted(request.getName(), request.getEmail(), request.getAge()),
        "%s, %s, %d".formatted(user.getName(), user.getEmail(), user.getAge()));
  }

  /** Checks that ids are as the contract assigns them: positive and increasing. */
  static void increasing(List<Integer> ids) {
    int before = 0;
    for (int id : ids) {
      that(id > before, "ids that increase from 1", ids);
      before = id;
    }
  }

  static void time(String text, String what) {
    that(isUtc(text), what + " as a time in UTC such as 2025-10-29T10:00:00Z", quoted(text));
  }

  static String quoted(String text) {
    return '"' + text + '"';
  }

  private static boolean isUtc(String text) {
    try {
      Instant.parse(text);
      return text.endsWith("Z");
    } catch (DateTimeException e) {
      return false;
    }
  }
}
