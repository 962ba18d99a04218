package dev.userservice.store;

import static dev.userservice.kit.Requests.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.Requests;
import dev.userservice.kit.Waits;
import dev.userservice.kit.WriteLoad;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserResponse;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three servers, each in a JVM of its own, that keep the users in a replicated log. */
@Tag("slow")
class RaftTest {

  /** More by hand: {@code -Dtest=RaftTest -DargLine=-Draft.rounds=100}. */
  private static final int ROUNDS = Integer.getInteger("raft.rounds", 2);

  private static final int USERS_A_ROUND = 200;

  @TempDir private static Path folder;

  private static final List<ClusterNode> nodes = new ArrayList<>();
  private static JsonObject config;

  @BeforeAll
  static void choosePorts() {
    config = ClusterNode.raft(folder, 3);
  }

  /** Those of the test before, where it has not ended them. */
  @BeforeEach
  void threeServers() throws Exception {
    nodes.removeIf(node -> !node.isRunning());
    nodes.addAll(ClusterNode.start(folder, config, 3 - nodes.size()));
    for (ClusterNode node : nodes) {
      Waits.until("each serves", node::serves);
      node.markLog();
    }
  }

  @AfterAll
  static void stop() throws Exception {
    for (ClusterNode node : nodes) {
      node.close();
    }
  }

  @Test
  void serverKilled_inTheMiddleOfWrites() throws Exception {
    try (WriteLoad load = new WriteLoad()) {
      for (int round = 0; round < ROUNDS; round++) {
        load.start(nodes.get(1).port());
        load.awaitMore(USERS_A_ROUND);
        nodes.remove(0).close();
        load.awaitMore(USERS_A_ROUND);
        load.stop();
        load.assertKeptWithoutAGap(nodes.get(0).port());

        nodes.add(ClusterNode.start(folder, config));
        for (ClusterNode node : nodes) {
          load.assertKeptWithoutAGap(node.port());
        }
      }
      assertThat(load.refusals()).as("a write is made again where it is safe").isEmpty();
    }
  }

  @Test
  void allKilled_atOnce_inTheMiddleOfWrites() throws Exception {
    try (WriteLoad load = new WriteLoad()) {
      for (int round = 0; round < ROUNDS; round++) {
        load.start(nodes.get(round % nodes.size()).port());
        load.awaitMore(USERS_A_ROUND);
        for (ClusterNode node : nodes) {
          node.close();
        }
        load.stop();
        threeServers();
        for (ClusterNode node : nodes) {
          load.assertKeptWithoutAGap(node.port());
        }
      }
    }
  }

  @Test
  void majorityGone_theLastRefuses_andGoesOnWithAnother() throws Exception {
    int id = createUser(nodes.get(0), "waiting@example.com");
    nodes.remove(0).close();
    nodes.remove(0).close();

    ClusterNode last = nodes.get(0);
    last.awaitNewLog("health says NOT_SERVING");
    assertThat(create(last, "alone@example.com")).isEqualTo(Code.UNAVAILABLE);
    assertThat(answer(last, id)).isEqualTo(Code.UNAVAILABLE);

    nodes.add(ClusterNode.start(folder, config));
    last.awaitNewLog("the store is back, health says SERVING");
    for (ClusterNode node : nodes) {
      assertThat(answer(node, id)).isEqualTo(Code.OK);
      assertThat(create(node, "back" + node.port() + "@example.com")).isEqualTo(Code.OK);
    }
  }

  /** It does not know what it has missed, and must not answer as if there were nothing. */
  @Test
  void serverFrozen_findsBack_andAnswersNothingOld() throws Exception {
    for (int round = 0; round < nodes.size(); round++) {
      ClusterNode frozen = nodes.get(round);
      ClusterNode other = nodes.get((round + 1) % nodes.size());
      frozen.signal("STOP");
      List<Integer> ids = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        ids.add(createUser(other, "frozen" + round + "-" + i + "@example.com"));
      }
      // They are read before it can have heard of another leader.
      List<Recorder<?, UserResponse>> early = new ArrayList<>();
      for (int id : ids) {
        Recorder<GetUserRequest, UserResponse> read = Recorder.reading();
        frozen.async().getUser(get(id), read);
        early.add(read);
      }
      frozen.signal("CONT");

      for (Recorder<?, UserResponse> read : early) {
        assertThat(read.status().getCode()).isIn(Code.OK, Code.UNAVAILABLE);
      }
      for (int id : ids) {
        assertThat(answer(frozen, id)).isEqualTo(Code.OK);
      }
      assertThat(create(frozen, "frozen" + round + "-0@example.com"))
          .isEqualTo(Code.ALREADY_EXISTS);
    }
    for (ClusterNode node : nodes) {
      assertThat(node.newLog()).as("no user in a log").doesNotContain("@");
    }
  }

  /** Others could have elected another leader meanwhile, and know more. */
  @Test
  void leaderWithoutFollowers_answersNoRead() throws Exception {
    int id = createUser(nodes.get(0), "alone@example.org");
    Waits.until("one leads", () -> nodes.stream().filter(ClusterNode::leads).count() == 1);
    ClusterNode leader = nodes.stream().filter(ClusterNode::leads).findAny().orElseThrow();
    assertThat(answer(leader, id)).isEqualTo(Code.OK);
    List<ClusterNode> others = nodes.stream().filter(node -> node != leader).toList();
    for (ClusterNode other : others) {
      other.signal("STOP");
    }
    Code answer = answer(leader, id);
    for (ClusterNode other : others) {
      other.signal("CONT");
    }
    assertThat(answer).isEqualTo(Code.UNAVAILABLE);
    Waits.until("it has found the others", () -> answer(leader, id) == Code.OK);
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
    return node.blocking().createUser(Requests.create("Ada", email, 1)).getUserId();
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
