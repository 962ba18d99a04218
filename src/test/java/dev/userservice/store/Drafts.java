package dev.userservice.store;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.Waits;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Users that a store can be given, and its answers, waited for. */
final class Drafts {

  /** Somebody waits for the outcome. */
  static final BooleanSupplier WANTED = () -> false;

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

  /** Opens a store, again while it waits for others. */
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

  /** Waits for the reason with which a call fails. */
  static StoreException.Reason reason(Future<?> future) {
    return failure(future).reason();
  }
}
