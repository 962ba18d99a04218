package dev.userservice.demo;

import dev.userservice.client.Channel;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;

/** Unary: one request, one response; in a second run, an expected error. */
final class CreateScenario implements Scenario {

  @Override
  public String title() {
    return "CreateUser, unary";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    CreateUserRequest request =
        CreateUserRequest.newBuilder()
            .setName("John Doe")
            .setEmail("john.doe@example.com")
            .setAge(32)
            .build();
    transcript.sent(request);
    return channel
        .ask(UserServiceGrpcClient.CreateUser, request)
        .<Void>map(
            responses -> {
              responses.forEach(transcript::received);
              Expect.created(request, Expect.one(responses));
              return null;
            })
        .recover(failure -> Scenario.passIfAlreadyThere(failure, transcript, "John Doe is"));
  }
}
