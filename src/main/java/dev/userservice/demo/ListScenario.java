package dev.userservice.demo;

import dev.userservice.client.Channel;
import dev.userservice.client.ClientCall;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** Server streaming: one request, many responses. */
final class ListScenario implements Scenario {

  private static final int LIMIT = 3;

  @Override
  public String title() {
    return "ListUsers, server streaming";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    ListUsersRequest request = ListUsersRequest.newBuilder().setLimit(LIMIT).build();
    transcript.sent(request);
    List<UserResponse> users = new ArrayList<>();
    return channel
        .read(
            UserServiceGrpcClient.ListUsers,
            call -> list(call, request, users, transcript),
            () -> !users.isEmpty())
        .map(listed -> checked(users, transcript));
  }

  /** Cancels the call of a server that exceeds the limit: it might send without end. */
  private static Future<Void> list(
      ClientCall<ListUsersRequest, UserResponse> call,
      ListUsersRequest request,
      List<UserResponse> users,
      Transcript transcript) {
    call.handler(
        user -> {
          transcript.received(user);
          users.add(user);
          if (users.size() > LIMIT) {
            call.cancel();
          }
        });
    call.sendAll(List.of(request).iterator());
    return call.ended()
        .recover(
            failure ->
                users.size() > LIMIT ? Future.succeededFuture() : Future.failedFuture(failure));
  }

  private static Void checked(List<UserResponse> users, Transcript transcript) {
    Expect.that(
        !users.isEmpty() && users.size() <= LIMIT,
        "1 to " + LIMIT + " users",
        users.isEmpty() ? "none: \"sampleUsers\" may be off in the server" : "more");
    Expect.increasing(users.stream().map(UserResponse::getUserId).toList());
    users.forEach(Expect::user);
    if (users.size() < LIMIT) {
      transcript.note("The server has no more than these: \"sampleUsers\" may be off");
    }
    return null;
  }
}
