package dev.userservice.user;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.Emails;
import dev.userservice.store.StoreException;
import dev.userservice.store.UserStore;
import dev.userservice.user.UserException.Violation;
import io.vertx.core.Future;
import io.vertx.core.streams.ReadStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;

/** The directory: four of the five RPCs; the fifth is the {@link ChatRoom}. */
public final class Users {

  private final UserStore store;
  private final int batchLimit;
  private final Clock clock;

  /**
   * @param batchLimit the max number of users of one {@link #batchCreate}
   */
  public Users(UserStore store, int batchLimit, Clock clock) {
    this.store = store;
    this.batchLimit = batchLimit;
    this.clock = clock;
  }

  /** Returns the user with an id. */
  public Future<UserResponse> get(GetUserRequest request) {
    UserRules.check(request);
    int userId = request.getUserId();
    return store.get(userId).recover(failure -> Future.failedFuture(refusal(failure, userId)));
  }

  /**
   * Adds one user.
   *
   * @param abandoned true once the caller no longer waits for the outcome; see {@link UserStore}
   */
  public Future<UserResponse> create(CreateUserRequest request, BooleanSupplier abandoned) {
    List<Violation> violations = new ArrayList<>();
    UserResponse draft = UserRules.draft(request, UserRules.ALONE, clock, violations);
    UserRules.refuse(violations);
    return store
        .create(draft, abandoned)
        .recover(
            failure -> Future.failedFuture(refusal(failure, List.of(draft), index -> "email")));
  }

  /**
   * Returns the users in the order of their ids, at the pace of the reader.
   *
   * @param memory counts the page that is being read
   */
  public ReadStream<UserResponse> list(ListUsersRequest request, Holder memory) {
    UserRules.check(request);
    return new UserPages(store, request.getAfterUserId(), request.getLimit(), memory);
  }

  /**
   * Adds all users of a stream after its half-close, or none.
   *
   * @param memory counts them until the call ends
   * @param abandoned true once the caller no longer waits for the outcome; see {@link UserStore}
   */
  public Future<BatchCreateResponse> batchCreate(
      ReadStream<CreateUserRequest> requests, Holder memory, BooleanSupplier abandoned) {
    return new Batch(batchLimit, clock, memory)
        .read(requests)
        .compose(
            drafts ->
                store
                    .createAll(drafts, abandoned)
                    .recover(
                        failure ->
                            Future.failedFuture(refusal(failure, drafts, Batch::emailField))))
        .map(
            ids ->
                BatchCreateResponse.newBuilder()
                    .setUsersCreated(ids.size())
                    .addAllUserIds(ids)
                    .build());
  }

  private static Throwable refusal(Throwable failure, int userId) {
    return reason(failure) == StoreException.Reason.NOT_FOUND
        ? UserException.notFound(userId)
        : failure;
  }

  private static Throwable refusal(
      Throwable failure, List<UserResponse> drafts, IntFunction<String> emailField) {
    if (reason(failure) != StoreException.Reason.EMAIL_TAKEN) {
      return failure;
    }
    int index = ((StoreException) failure).index();
    String email = drafts.get(index).getEmail();
    int earlier = indexOf(email, drafts.subList(0, index));
    return earlier < 0
        ? UserException.emailTaken(emailField.apply(index), email)
        : UserException.emailRepeated(emailField.apply(index), email, emailField.apply(earlier));
  }

  /** The index of the draft with an address, compared as stores do, or -1. */
  private static int indexOf(String email, List<UserResponse> drafts) {
    String key = Emails.canonical(email);
    for (int i = 0; i < drafts.size(); i++) {
      if (Emails.canonical(drafts.get(i).getEmail()).equals(key)) {
        return i;
      }
    }
    return -1;
  }

  private static StoreException.Reason reason(Throwable failure) {
    return failure instanceof StoreException refused ? refused.reason() : null;
  }
}
