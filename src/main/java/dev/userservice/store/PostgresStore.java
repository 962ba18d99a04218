package dev.userservice.store;

import dev.userservice.config.PostgresConfig;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.BooleanSupplier;

/** To be written. */
final class PostgresStore implements UserStore {

  PostgresStore(PostgresConfig config, Vertx vertx) {}

  @Override
  public Future<Void> open() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<UserResponse> get(int userId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Long> count() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Void> health() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Void> close() {
    throw new UnsupportedOperationException();
  }
}
