package dev.userservice.demo;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;

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
        .read(UserServiceGrpcClient.GetUser, request)
        .<Void>map(
            responses -> {
              responses.forEach(transcript::received);
              var user = Expect.one(responses);
              Expect.that(user.getUserId() == 1, "the user with id 1", user.getUserId());
              Expect.user(user);
              return null;
            })
        .onFailure(failure -> explain(failure, transcript));
  }

  private static void explain(Throwable failure, Transcript transcript) {
    if (failure instanceof CallException call && call.status() == GrpcStatus.NOT_FOUND) {
      transcript.note("User 1 is the first sample user: \"sampleUsers\" may be off in the server");
    }
  }
}
