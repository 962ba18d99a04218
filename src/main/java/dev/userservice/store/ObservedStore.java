package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A store that reports its reads and writes to observers, but not open, health and close. */
final class ObservedStore implements UserStore {

  private final UserStore store;
  private final StoreObserver observer;

  private ObservedStore(UserStore store, StoreObserver observer) {
    this.store = store;
    this.observer = observer;
  }

  /** Returns the store itself when no observer is given. */
  static UserStore of(UserStore store, List<StoreObserver> observers) {
    UserStore observed = store;
    for (StoreObserver observer : observers) {
      observed = new ObservedStore(observed, observer);
    }
    return observed;
  }

  @Override
  public Future<Void> open() {
    return store.open();
  }

  @Override
  public Future<UserResponse> get(int userId) {
    return observe("get", () -> store.get(userId));
  }

  @Override
  public Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    return observe("create", () -> store.create(draft, abandoned));
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    return observe("createAll", () -> store.createAll(drafts, abandoned));
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    return observe("page", () -> store.page(afterUserId, limit));
  }

  @Override
  public Future<Void> health() {
    return store.health();
  }

  @Override
  public Optional<Replication> replication() {
    return store.replication();
  }

  @Override
  public Future<Void> close() {
    return store.close();
  }

  private <T> Future<T> observe(String name, Supplier<Future<T>> question) {
    StoreObserver.Operation operation = observer.begin(name);
    return question.get().onComplete((answer, failure) -> operation.end(failure));
  }
}
