package dev.userservice.user;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.user.UserException.Violation;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.streams.ReadStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** One stream of users on its way to the store: nothing is created before the stream has ended. */
final class Batch {

  /** The number of violations that refuses a batch at once: they show the caller what is wrong. */
  static final int MAX_VIOLATIONS = 10;

  /** The memory for a user besides its fields. */
  private static final int USER_BYTES = 300;

  private final int limit;
  private final Clock clock;
  private final Holder memory;
  private final List<UserResponse> drafts = new ArrayList<>();
  private final List<Violation> violations = new ArrayList<>();
  private final Promise<List<UserResponse>> read = Promise.promise();

  /**
   * @param limit the max number of users
   * @param memory counts them until the call ends
   */
  Batch(int limit, Clock clock, Holder memory) {
    this.limit = limit;
    this.memory = memory;
    this.clock = clock;
  }

  /** The field name of an item's e-mail address in violations. */
  static String emailField(int index) {
    return UserRules.field(index, "email");
  }

  /** Reads the users of a stream. Fails when the stream fails, or with the first bad items. */
  Future<List<UserResponse>> read(ReadStream<CreateUserRequest> requests) {
    requests.exceptionHandler(read::tryFail).endHandler(end -> finish()).handler(this::add);
    return read.future();
  }

  private void add(CreateUserRequest request) {
    if (drafts.size() == limit) {
      read.tryFail(UserException.batchTooLarge(limit));
    } else if (!memory.hold(USER_BYTES + request.getSerializedSize())) {
      read.tryFail(memory.exceeded());
    } else if (violations.size() < MAX_VIOLATIONS) {
      drafts.add(UserRules.draft(request, drafts.size(), clock, violations));
    } else {
      finish();
    }
  }

  private void finish() {
    if (violations.isEmpty()) {
      read.tryComplete(drafts);
    } else {
      read.tryFail(UserException.invalid(violations));
    }
  }
}
