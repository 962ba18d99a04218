package dev.userservice.client;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.ClientConfig;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.Demo;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every server of a replicated log is restarted, one after the other, under the calls of this
 * client: the leader first, and in the next round last.
 */
@Tag("slow")
class RollingRestartTest {

  /** For more rounds: {@code -Dtest=RollingRestartTest -DargLine=-Draft.rounds=100}. */
  private static final int ROUNDS = Integer.getInteger("raft.rounds", 1);

  private static final int CALLERS = 2;

  /** Created before and after each stop. */
  private static final int USERS = 100;

  @TempDir private Path folder;

  private final Queue<Integer> created = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger names = new AtomicInteger();
  private volatile CountDownLatch awaited = new CountDownLatch(0);
  private volatile boolean stopping;

  @Test
  void everyServerRestarted_noCallFails_andTheCountIsExact() throws Exception {
    JsonObject log = ClusterNode.raft(folder, 3);
    List<ClusterNode> nodes = new ArrayList<>(ClusterNode.start(folder, log, 3));
    Vertx vertx = Vertx.vertx();
    try {
      Future<?> load = callers(vertx, nodes);
      for (int round = 0; round < ROUNDS; round++) {
        boolean leaderFirst = round % 2 == 0;
        List<ClusterNode> order = new ArrayList<>(nodes);
        order.sort(Comparator.comparing(node -> node.leads() != leaderFirst));
        for (ClusterNode node : order) {
          nodes.remove(node);
          awaitMore(USERS);
          node.stops();
          awaitMore(USERS);
          nodes.add(ClusterNode.start(folder, log.copy().put("port", node.port())));
        }
      }
      awaitMore(USERS);
      stopping = true;
      load.toCompletionStage().toCompletableFuture().get(Waits.SECONDS, TimeUnit.SECONDS);

      assertThat(failures).isEmpty();
      for (ClusterNode node : nodes) {
        List<Integer> listed = new ArrayList<>();
        node.blocking()
            .listUsers(list(0, 0))
            .forEachRemaining(user -> listed.add(user.getUserId()));
        assertThat(listed).containsExactlyInAnyOrderElementsOf(created);
      }
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(Waits.SECONDS, TimeUnit.SECONDS);
      for (ClusterNode node : nodes) {
        node.close();
      }
    }
  }

  private Future<?> callers(Vertx vertx, List<ClusterNode> nodes) {
    JsonArray addresses = new JsonArray();
    nodes.forEach(node -> addresses.add("127.0.0.1:" + node.port()));
    Channel channel =
        new Channel(
            vertx,
            ClientConfig.from(new JsonObject().put("addresses", addresses)),
            Deadline.in(TimeUnit.SECONDS.toMillis((long) ROUNDS * Waits.TEST_SECONDS)));
    return Future.future(
        promise ->
            vertx.runOnContext(
                begin ->
                    channel
                        .findServer(Demo.noStatus())
                        .compose(
                            found -> {
                              List<Future<Void>> callers = new ArrayList<>();
                              for (int i = 0; i < CALLERS; i++) {
                                Promise<Void> stopped = Promise.promise();
                                call(vertx, channel, stopped);
                                callers.add(stopped.future());
                              }
                              return Future.join(callers);
                            })
                        .onComplete(end -> promise.complete(null, end.cause()))));
  }

  /**
   * Creates a user and reads it, possibly from another server, and repeats. Not a chain of Futures:
   * the end of thousands would overflow the stack.
   */
  private void call(Vertx vertx, Channel channel, Promise<Void> stopped) {
    if (stopping) {
      stopped.complete();
      return;
    }
    channel
        .ask(
            UserServiceGrpcClient.CreateUser,
            create("Ada", "user" + names.incrementAndGet() + "@example.com", 1))
        .compose(
            answer -> {
              UserResponse user = answer.get(0);
              created.add(user.getUserId());
              awaited.countDown();
              return channel.read(UserServiceGrpcClient.GetUser, get(user.getUserId()));
            })
        .onFailure(failures::add)
        .onComplete(
            end -> vertx.setTimer(Waits.PAUSE_MILLIS, again -> call(vertx, channel, stopped)));
  }

  private void awaitMore(int users) throws InterruptedException {
    CountDownLatch come = new CountDownLatch(users);
    awaited = come;
    assertThat(come.await(Waits.SECONDS, TimeUnit.SECONDS))
        .as("users are still created, %s", failures)
        .isTrue();
  }
}
