package dev.userservice.client;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** Client streaming: many requests, one response. */
final class BatchScenario implements Scenario {

  private static final List<CreateUserRequest> USERS =
      List.of(
          user("Frank Miller", "frank@example.com", 45),
          user("Grace Lee", "grace@example.com", 29),
          user("Henry Davis", "henry@example.com", 38));

  @Override
  public String title() {
    return "BatchCreateUsers, client streaming";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    List<BatchCreateResponse> responses = new ArrayList<>();
    return channel
        .open(UserServiceGrpcClient.BatchCreateUsers)
        .compose(
            call -> {
              call.handler(responses::add);
              Future<Void> sent = Future.succeededFuture();
              for (CreateUserRequest user : USERS) {
                sent =
                    sent.compose(
                        before -> {
                          transcript.sent(user);
                          return call.send(user);
                        });
              }
              return sent.compose(all -> call.halfClose()).compose(closed -> call.ended());
            })
        .<Void>map(
            end -> {
              responses.forEach(transcript::received);
              Scenario.expect(
                  responses.size() == 1
                      && responses.get(0).getUsersCreated() == USERS.size()
                      && responses.get(0).getUserIdsCount() == USERS.size(),
                  "one response with " + USERS.size() + " users",
                  responses.size() + " responses");
              return null;
            })
        .recover(failure -> Scenario.passIfAlreadyThere(failure, transcript, "these users are"));
  }

  private static CreateUserRequest user(String name, String email, int age) {
    return CreateUserRequest.newBuilder().setName(name).setEmail(email).setAge(age).build();
  }
}
