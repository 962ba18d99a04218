package dev.userservice.client;

import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;

/** Unary: one request, one response. */
final class GetScenario implements Scenario {

  @Override
  public String title() {
    return "GetUser, unary";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    GetUserRequest request = GetUserRequest.newBuilder().setUserId(1).build();
    transcript.sent(request);
    return channel
        .one(UserServiceGrpcClient.GetUser, request)
        .map(
            user -> {
              transcript.received(user);
              Scenario.expect(user.getUserId() == 1, "the user with id 1", user.getUserId());
              return null;
            });
  }
}
