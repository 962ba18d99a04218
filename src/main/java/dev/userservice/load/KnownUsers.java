package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.client.Connection;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;

/** Users that exist before a load starts: as many as it needs, found or else created. */
final class KnownUsers {

  private static final int CREATED_AT_ONCE = 1_000;

  private final List<UserResponse> users;
  private int turn;

  private KnownUsers(List<UserResponse> users) {
    this.users = users;
  }

  /**
   * Returns the first users of the directory, creating the missing ones.
   *
   * @return fails with a {@link LoadException}
   */
  static Future<KnownUsers> find(Connection connection, int count, int deadlineMillis) {
    return count == 0
        ? Future.succeededFuture(new KnownUsers(List.of()))
        : list(connection, count, deadlineMillis)
            .compose(
                found ->
                    found.size() == count
                        ? Future.succeededFuture(found)
                        : create(connection, count - found.size(), new NewUsers(), deadlineMillis)
                            .compose(created -> list(connection, count, deadlineMillis)))
            .map(KnownUsers::new);
  }

  /** The next user, round-robin. */
  UserResponse next() {
    turn = turn + 1 < users.size() ? turn + 1 : 0;
    return users.get(turn);
  }

  private static Future<List<UserResponse>> list(
      Connection connection, int count, int deadlineMillis) {
    List<UserResponse> found = new ArrayList<>();
    Exchange asking =
        new Exchange() {
          @Override
          void begin(OpenCall call) {
            call.sendLast(ListUsersRequest.newBuilder().setLimit(count).build());
          }

          @Override
          String received(byte[] bytes, int offset, int length, OpenCall call)
              throws InvalidProtocolBufferException {
            found.add(UserResponse.parser().parseFrom(bytes, offset, length));
            return found.size() > count ? "the server sent more users than requested" : null;
          }

          @Override
          String missing() {
            return null;
          }
        };
    String path = Load.path(UserServiceGrpcClient.ListUsers);
    return call(connection, path, asking, deadlineMillis).map(found);
  }

  private static Future<Void> create(
      Connection connection, int count, NewUsers users, int deadlineMillis) {
    int now = Math.min(count, CREATED_AT_ONCE);
    return call(
            connection,
            Load.path(UserServiceGrpcClient.BatchCreateUsers),
            new BatchExchange(users, now),
            deadlineMillis)
        .compose(
            done ->
                now == count
                    ? Future.succeededFuture()
                    : create(connection, count - now, users, deadlineMillis));
  }

  private static Future<Void> call(
      Connection connection, String path, Exchange exchange, int deadlineMillis) {
    Promise<Void> ended = Promise.promise();
    OpenCall call =
        new OpenCall(
            exchange,
            (over, failure) -> {
              if (failure == null) {
                ended.complete();
              } else {
                ended.fail(
                    new LoadException(
                        "cannot find or create the users for the load: %s: %s"
                            .formatted(failure.kind(), failure.message())));
              }
            });
    call.begin(connection.calls(path, deadlineMillis).get());
    return ended.future();
  }
}
