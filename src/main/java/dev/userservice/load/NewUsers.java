package dev.userservice.load;

import dev.userservice.proto.CreateUserRequest;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Users that do not exist yet: their e-mail addresses are unique to one run. */
final class NewUsers {

  private final String run = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  private final CreateUserRequest.Builder request =
      CreateUserRequest.newBuilder().setName("Load").setAge(30);
  private long count;

  CreateUserRequest next() {
    return request.setEmail("load-" + run + "-" + count++ + "@example.com").build();
  }

  String run() {
    return run;
  }
}
