package dev.userservice.demo;

import dev.userservice.client.Channel;
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
    return channel
        .open(UserServiceGrpcClient.BatchCreateUsers, 0)
        .compose(
            call -> {
              Future<List<BatchCreateResponse>> collected = call.collect(new ArrayList<>());
              call.sendAll(USERS.stream().peek(transcript::sent).iterator());
              return collected;
            })
        .<Void>map(
            responses -> {
              responses.forEach(transcript::received);
              check(Expect.one(responses));
              return null;
            })
        .recover(failure -> Scenario.passIfAlreadyThere(failure, transcript, "These users are"));
  }

  private static void check(BatchCreateResponse response) {
    int created = response.getUsersCreated();
    List<Integer> ids = response.getUserIdsList();
    Expect.that(
        created == USERS.size() && ids.size() == USERS.size(),
        "%1$d users created, and %1$d ids".formatted(USERS.size()),
        "%d, and ids %s".formatted(created, ids));
    Expect.increasing(ids);
  }

  private static CreateUserRequest user(String name, String email, int age) {
    return CreateUserRequest.newBuilder().setName(name).setEmail(email).setAge(age).build();
  }
}
