package dev.userservice.attack;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The answer of a BatchCreateUsers of an ordinary caller. */
final class Batch implements StreamObserver<BatchCreateResponse> {

  private final CompletableFuture<Void> end = new CompletableFuture<>();

  private Batch() {}

  /** Creates users, and waits until the server has them. */
  static void create(UserServiceStub stub, List<CreateUserRequest> users) throws Exception {
    Batch batch = new Batch();
    StreamObserver<CreateUserRequest> items = stub.batchCreateUsers(batch);
    users.forEach(items::onNext);
    items.onCompleted();
    batch.end.get();
  }

  @Override
  public void onNext(BatchCreateResponse answer) {}

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    end.complete(null);
  }
}
