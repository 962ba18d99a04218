package dev.userservice.compare;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The users of a peer, as most services would keep them in memory. Without rules it checks nothing,
 * not even that an e-mail address is free: what ours does more, it pays for.
 */
final class PeerUsers {

  private final ConcurrentSkipListMap<Integer, UserResponse> users = new ConcurrentSkipListMap<>();
  private final PeerRules rules;
  private int last;

  PeerUsers() {
    this(null);
  }

  /**
   * @param rules null to check nothing
   */
  PeerUsers(PeerRules rules) {
    this.rules = rules;
    sample("Alice Johnson", "alice@example.com", 28);
    sample("Bob Smith", "bob@example.com", 35);
    sample("Charlie Brown", "charlie@example.com", 42);
    sample("Diana Prince", "diana@example.com", 30);
    sample("Eve Wilson", "eve@example.com", 25);
  }

  private void sample(String name, String email, int age) {
    CreateUserRequest request =
        CreateUserRequest.newBuilder().setName(name).setEmail(email).setAge(age).build();
    put(request, "2025-10-29T10:00:00Z");
  }

  /** Null for an unknown id. */
  UserResponse get(int id) {
    return users.get(id);
  }

  Collection<UserResponse> after(int id) {
    return users.tailMap(id, false).values();
  }

  synchronized UserResponse create(CreateUserRequest request) {
    check(List.of(request));
    return put(request, now());
  }

  synchronized List<Integer> createAll(List<CreateUserRequest> requests) {
    check(requests);
    String now = now();
    List<Integer> ids = new ArrayList<>(requests.size());
    for (CreateUserRequest request : requests) {
      ids.add(put(request, now).getUserId());
    }
    return ids;
  }

  private void check(List<CreateUserRequest> requests) {
    if (rules != null) {
      rules.take(requests);
    }
  }

  static String now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
  }

  private UserResponse put(CreateUserRequest request, String createdAt) {
    UserResponse user =
        UserResponse.newBuilder()
            .setUserId(++last)
            .setName(request.getName())
            .setEmail(request.getEmail())
            .setAge(request.getAge())
            .setCreatedAt(createdAt)
            .build();
    users.put(user.getUserId(), user);
    return user;
  }
}
