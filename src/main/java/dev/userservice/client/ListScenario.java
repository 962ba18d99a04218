package dev.userservice.client;

import dev.userservice.proto.ListUsersRequest;
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
    List<Integer> ids = new ArrayList<>();
    return channel
        .open(UserServiceGrpcClient.ListUsers)
        .compose(
            call -> {
              call.handler(
                  user -> {
                    transcript.received(user);
                    ids.add(user.getUserId());
                  });
              return call.sendLast(request).compose(sent -> call.ended());
            })
        .map(
            end -> {
              boolean increase = ids.stream().sorted().distinct().toList().equals(ids);
              Scenario.expect(
                  !ids.isEmpty() && ids.size() <= LIMIT && increase,
                  "1 to " + LIMIT + " users in the order of their ids",
                  "ids " + ids);
              return null;
            });
  }
}
