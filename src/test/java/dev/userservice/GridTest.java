package dev.userservice;

import static dev.userservice.Requests.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three servers, each in a JVM of its own, that keep the users in their memory. */
class GridTest {

  private static final int ROUNDS = 3;
  private static final int USERS_A_ROUND = 300;

  @TempDir private static Path folder;

  private static List<ClusterNode> nodes = new ArrayList<>();
  private static JsonObject config;

  @BeforeAll
  static void choosePorts() throws Exception {
    config = ClusterNode.grid(3);
  }

  /** Those of the test before, where it has not ended them. */
  @BeforeEach
  void threeServers() throws Exception {
    nodes.removeIf(node -> !node.isRunning());
    markLogs();
    if (nodes.size() < 3) {
      nodes.addAll(ClusterNode.start(folder, config, 3 - nodes.size()));
      for (ClusterNode node : nodes) {
        node.awaitNewLog("Grid: 3 servers, all users are in the memory of two");
      }
      markLogs();
    }
  }

  private static void markLogs() throws Exception {
    for (ClusterNode node : nodes) {
      node.markLog();
    }
  }

  @AfterAll
  static void stop() throws Exception {
    for (ClusterNode node : nodes) {
      node.close();
    }
  }

  private static ClusterNode join() throws Exception {
    ClusterNode node = ClusterNode.start(folder, config);
    nodes.add(node);
    return node;
  }

  @Test
  void serverKilled_inTheMiddleOfWrites() throws Exception {
    try (WriteLoad load = new WriteLoad()) {
      for (int round = 0; round < ROUNDS; round++) {
        load.start(nodes.get(0).port());
        load.awaitMore(USERS_A_ROUND);
        nodes.remove(0).close();
        load.stop();
        load.assertKept(nodes.get(0).port());

        load.start(nodes.get(0).port());
        load.awaitMore(USERS_A_ROUND);
        load.stop();
        load.assertKept(join().port());
      }
    }
  }

  /** The last one has all users, but may not know whether it is the last. */
  @Test
  void serversKilled_oneAfterTheOther_theLastWaitsForAnother() throws Exception {
    int id = createUser(nodes.get(0), "waiting@example.com");
    nodes.remove(0).close();
    // What the first had is copied by then; killed before that, the second would take it along.
    nodes.get(0).awaitNewLog("Grid: 2 servers, all users are in the memory of two");
    nodes.remove(0).close();

    ClusterNode last = nodes.get(0);
    last.awaitNewLog("the grid has 1 of its 3 servers, and needs 2; health says NOT_SERVING");
    assertThat(create(last, "alone@example.com")).isEqualTo(Code.UNAVAILABLE);
    assertThat(answer(last, id)).isEqualTo(Code.UNAVAILABLE);

    ClusterNode replacement = join();
    last.awaitNewLog("the store is back, health says SERVING");
    for (ClusterNode node : List.of(last, replacement)) {
      assertThat(answer(node, id)).isEqualTo(Code.OK);
      assertThat(create(node, "back" + node.port() + "@example.com")).isEqualTo(Code.OK);
    }
  }

  @Test
  void serversKilled_together_theLastSaysThatUsersAreLost() throws Exception {
    createUser(nodes.get(0), "lost@example.com");
    ClusterNode last = nodes.get(2);
    nodes.get(0).close();
    nodes.get(1).close();

    last.awaitNewLog("servers of the grid were lost together, and users with them");
    assertThat(create(last, "lost@example.com")).isEqualTo(Code.UNAVAILABLE);
    last.close();
  }

  /** It is out of everything, and does not know it. */
  @Test
  void serverFrozen_untilItCountsAsGone_findsBack() throws Exception {
    ClusterNode frozen = nodes.get(0);
    frozen.signal("STOP");
    // Fails, unless it happens to need nothing of the frozen one.
    create(nodes.get(1), "early@example.com");
    for (ClusterNode node : nodes.subList(1, 3)) {
      node.awaitNewLog("Cluster: 2 members, one has left");
    }
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(createUser(nodes.get(1 + i % 2), "frozen" + i + "@example.com"));
    }
    frozen.signal("CONT");

    for (int i = 0; i < 100; i++) {
      assertThat(answer(frozen, ids.get(i))).isIn(Code.OK, Code.UNAVAILABLE);
      assertThat(create(frozen, "frozen" + i + "@example.com"))
          .isIn(Code.ALREADY_EXISTS, Code.UNAVAILABLE);
    }
    for (ClusterNode node : nodes.subList(1, 3)) {
      node.awaitNewLog("Cluster: 3 members, one has joined");
    }
    awaitServes(frozen, ids.get(0));
    for (int i = 0; i < 100; i++) {
      assertThat(answer(frozen, ids.get(i))).isEqualTo(Code.OK);
      assertThat(create(frozen, "frozen" + i + "@example.com")).isEqualTo(Code.ALREADY_EXISTS);
    }
    for (ClusterNode node : nodes) {
      assertThat(node.newLog()).as("no user in a log").doesNotContain("@");
    }
  }

  @Test
  void oneAddress_manyServers_oneWins() throws Exception {
    for (int i = 0; i < 50; i++) {
      String email = "race" + i + "@example.com";
      List<Callable<Code>> callers = new ArrayList<>();
      for (ClusterNode node : nodes) {
        callers.add(() -> create(node, email));
      }
      assertThat(race(callers))
          .containsExactlyInAnyOrder(Code.OK, Code.ALREADY_EXISTS, Code.ALREADY_EXISTS);
    }
  }

  @Test
  void overlappingBatches_manyServers_oneWins() throws Exception {
    for (int i = 0; i < 20; i++) {
      int round = i;
      List<Callable<Code>> callers = new ArrayList<>();
      for (int caller = 0; caller < nodes.size(); caller++) {
        List<String> emails =
            new ArrayList<>(
                IntStream.range(0, 50).mapToObj(n -> n + "-" + round + "@example.com").toList());
        Collections.rotate(emails, 17 * caller);
        ClusterNode node = nodes.get(caller);
        callers.add(() -> batch(node, emails));
      }
      assertThat(race(callers))
          .containsExactlyInAnyOrder(Code.OK, Code.ALREADY_EXISTS, Code.ALREADY_EXISTS);
    }
  }

  private static int createUser(ClusterNode node, String email) {
    return node.blocking().createUser(Requests.create("Somebody", email, 1)).getUserId();
  }

  private static Code create(ClusterNode node, String email) {
    return code(() -> createUser(node, email));
  }

  private static Code answer(ClusterNode node, int userId) {
    return code(() -> node.blocking().getUser(get(userId)));
  }

  private static Code code(Runnable call) {
    try {
      call.run();
      return Code.OK;
    } catch (StatusRuntimeException refused) {
      return refused.getStatus().getCode();
    }
  }

  private static void awaitServes(ClusterNode node, int userId) {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    while (answer(node, userId) == Code.UNAVAILABLE) {
      assertThat(System.nanoTime() - giveUp).as("serves again").isNegative();
    }
  }

  private static Code batch(ClusterNode node, List<String> emails) throws Exception {
    Recorder<CreateUserRequest, BatchCreateResponse> answer = Recorder.reading();
    StreamObserver<CreateUserRequest> requests = node.async().batchCreateUsers(answer);
    emails.forEach(email -> requests.onNext(Requests.create("Racer", email, 1)));
    requests.onCompleted();
    return answer.status().getCode();
  }

  private static List<Code> race(List<Callable<Code>> callers) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(callers.size());
    try {
      List<Code> ends = new ArrayList<>();
      for (var end : threads.invokeAll(callers)) {
        ends.add(end.get(Waits.SECONDS, TimeUnit.SECONDS));
      }
      return ends;
    } finally {
      threads.shutdownNow();
    }
  }
}
