package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import java.util.List;

/** The users of the demo, ids 1 to 5, for an empty store. */
public final class SampleUsers {

  private static final List<UserResponse> USERS =
      List.of(
          user("Alice Johnson", "alice@example.com", 28),
          user("Bob Smith", "bob@example.com", 35),
          user("Charlie Brown", "charlie@example.com", 42),
          user("Diana Prince", "diana@example.com", 30),
          user("Eve Wilson", "eve@example.com", 25));

  private SampleUsers() {}

  /** Adds them to an open store, unless it has users. */
  public static Future<Void> addTo(UserStore store) {
    return store
        .page(0, 1)
        .compose(
            found ->
                found.isEmpty()
                    ? store.createAll(USERS, () -> false).recover(SampleUsers::addedByAnother)
                    : Future.succeededFuture())
        .mapEmpty();
  }

  /** Two servers that find the same store empty at the same time both add them; one is first. */
  private static Future<List<Integer>> addedByAnother(Throwable failure) {
    return failure instanceof StoreException refused && refused.reason() == Reason.EMAIL_TAKEN
        ? Future.succeededFuture()
        : Future.failedFuture(failure);
  }

  private static UserResponse user(String name, String email, int age) {
    return UserResponse.newBuilder()
        .setName(name)
        .setEmail(email)
        .setAge(age)
        .setCreatedAt("2025-10-29T10:00:00Z")
        .build();
  }
}
