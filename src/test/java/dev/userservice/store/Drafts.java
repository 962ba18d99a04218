package dev.userservice.store;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Sample users for a store, and waiting for its answers. */
final class Drafts {

  /** The caller waits for the outcome. */
  static final BooleanSupplier WANTED = () -> false;

  private static final int PAGE = 10_000;

  private Drafts() {}

  static UserResponse draft(int number) {
    return draft("user" + number + "@example.com");
  }

  static UserResponse draft(String email) {
    return UserResponse.newBuilder()
        .setName("User")
        .setEmail(email)
        .setAge(30)
        .setCreatedAt("2025-10-29T10:00:00Z")
        .build();
  }

  static List<UserResponse> drafts(int first, int count) {
    return IntStream.range(first, first + count).mapToObj(Drafts::draft).toList();
  }

  static <T> T await(Future<T> future) {
    return future.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  /** Opens a store, retrying while it waits for other servers. */
  static void open(UserStore store) {
    Waits.until(
        "the store is open",
        () -> {
          Future<Void> open = store.open();
          Waits.until("tried", open::isComplete);
          return open.succeeded() || reason(open) != StoreException.Reason.UNAVAILABLE;
        });
  }

  static StoreException failure(Future<?> future) {
    return catchThrowableOfType(StoreException.class, () -> await(future));
  }

  /** Counts all users of a store, page by page. */
  static long count(UserStore store) {
    long count = 0;
    int last = 0;
    List<UserResponse> users;
    do {
      users = await(store.page(last, PAGE));
      count += users.size();
      last = users.isEmpty() ? last : users.get(users.size() - 1).getUserId();
    } while (users.size() == PAGE);
    return count;
  }

  /** Returns the reason with which a call fails. */
  static StoreException.Reason reason(Future<?> future) {
    return failure(future).reason();
  }
}
