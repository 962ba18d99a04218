package dev.userservice;

import dev.userservice.config.ServerConfig;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.Stores;
import dev.userservice.store.UserStore;
import dev.userservice.user.ChatRoom;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all instances of one deployment of {@link UserVerticle} share. The first that joins opens
 * it, the last that leaves closes it.
 */
final class SharedDirectory implements Shareable {

  private static final String LOCAL_MAP = "dev.userservice.directories";

  private static final List<UserResponse> SAMPLE_USERS =
      List.of(
          sample("Alice Johnson", "alice@example.com", 28),
          sample("Bob Smith", "bob@example.com", 35),
          sample("Charlie Brown", "charlie@example.com", 42),
          sample("Diana Prince", "diana@example.com", 30),
          sample("Eve Wilson", "eve@example.com", 25));

  private final UserStore store;
  private final ChatRoom chatRoom;
  private final Future<Void> ready;
  private final AtomicInteger openConnections = new AtomicInteger();
  private int instances;

  private SharedDirectory(ServerConfig config) {
    store = Stores.open(config.store());
    chatRoom = new ChatRoom(config.limits().chatQueue(), Clock.systemUTC());
    ready = config.sampleUsers() ? addSampleUsers() : Future.succeededFuture();
  }

  static SharedDirectory join(Vertx vertx, String deploymentId, ServerConfig config) {
    return directories(vertx)
        .compute(
            deploymentId,
            (id, open) -> {
              SharedDirectory directory = open != null ? open : new SharedDirectory(config);
              directory.instances++;
              return directory;
            });
  }

  Future<Void> leave(Vertx vertx, String deploymentId) {
    SharedDirectory stillOpen =
        directories(vertx)
            .computeIfPresent(deploymentId, (id, open) -> --open.instances == 0 ? null : open);
    return stillOpen == null ? store.close() : Future.succeededFuture();
  }

  /** Completes when calls may come. */
  Future<Void> ready() {
    return ready;
  }

  UserStore store() {
    return store;
  }

  /** How many connections all instances have together. */
  AtomicInteger openConnections() {
    return openConnections;
  }

  ChatRoom chatRoom() {
    return chatRoom;
  }

  private Future<Void> addSampleUsers() {
    return store
        .count()
        .compose(count -> count > 0 ? Future.succeededFuture() : store.createAll(SAMPLE_USERS))
        .mapEmpty();
  }

  private static LocalMap<String, SharedDirectory> directories(Vertx vertx) {
    return vertx.sharedData().getLocalMap(LOCAL_MAP);
  }

  private static UserResponse sample(String name, String email, int age) {
    return UserResponse.newBuilder()
        .setName(name)
        .setEmail(email)
        .setAge(age)
        .setCreatedAt("2025-10-29T10:00:00Z")
        .build();
  }
}
