package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.Requests;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Concurrent callers of three servers see, with faults, what they could have seen of one.
 *
 * <p>Ids are dense, so the directory is a number: a create makes it the id that it answers, and a
 * read of the last user tells it. That leaves one order, by numbers, with the reads of a number
 * behind its create; it is a right one when no call in it had ended before one ahead of it began.
 */
@Tag("slow")
class RaftHistoryTest {

  private static final int CALLERS = 6;
  private static final int FAULTS = Integer.getInteger("raft.rounds", 4);
  private static final int CALLS_A_FAULT = 150;

  private record Call(int number, boolean isRead, long begin, long end) {}

  @TempDir private Path folder;

  private final Queue<Call> history = new ConcurrentLinkedQueue<>();
  private final AtomicInteger names = new AtomicInteger();
  private final AtomicInteger last = new AtomicInteger();
  private volatile boolean stopping;

  @Test
  void history_withServersFrozenAndKilled_isThatOfOneServer() throws Exception {
    JsonObject config = ClusterNode.raft(folder, 3);
    List<ClusterNode> nodes = new ArrayList<>();
    for (ClusterNode node : ClusterNode.start(folder, config, 3)) {
      nodes.add(node);
    }
    List<JsonObject> configs =
        nodes.stream().map(node -> config.copy().put("port", node.port())).toList();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Future<?>> loads = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        int seed = i;
        int port = nodes.get(i % nodes.size()).port();
        loads.add(callers.submit(() -> call(port, new Random(seed))));
      }
      for (int fault = 0; fault < FAULTS; fault++) {
        int victim = fault % nodes.size();
        awaitCalls();
        if (fault % 2 == 0) {
          nodes.get(victim).signal("STOP");
          awaitCalls();
          nodes.get(victim).signal("CONT");
        } else {
          nodes.get(victim).close();
          awaitCalls();
          nodes.set(victim, ClusterNode.start(folder, configs.get(victim)));
        }
      }
      awaitCalls();
      stopping = true;
      for (Future<?> load : loads) {
        load.get(Waits.SECONDS, TimeUnit.SECONDS);
      }
    } finally {
      stopping = true;
      callers.shutdownNow();
      for (ClusterNode node : nodes) {
        node.close();
      }
    }
    assertIsOfOneServer(List.copyOf(history));
  }

  private static void assertIsOfOneServer(List<Call> history) {
    assertThat(history.stream().filter(call -> !call.isRead).map(Call::number))
        .doesNotHaveDuplicates();
    List<Call> order = new ArrayList<>(history);
    order.sort(
        Comparator.comparingInt(Call::number)
            .thenComparing(Call::isRead)
            .thenComparingLong(Call::begin));
    Call latest = order.get(0);
    for (Call call : order) {
      assertThat(call.end).as("%s, behind %s", call, latest).isGreaterThanOrEqualTo(latest.begin);
      latest = call.begin > latest.begin ? call : latest;
    }
  }

  private void call(int port, Random random) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    var stub = UserServiceGrpc.newBlockingStub(channel);
    while (!stopping) {
      boolean isRead = random.nextBoolean();
      int seen = last.get();
      long begin = System.nanoTime();
      try {
        var call = stub.withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS);
        int number = seen - 1;
        if (isRead) {
          // From one before what a reader has seen: an answer that is too old is empty.
          for (var users = call.listUsers(Requests.list(0, Math.max(0, seen - 1)));
              users.hasNext(); ) {
            number = users.next().getUserId();
          }
        } else {
          String email = "user" + names.incrementAndGet() + "@example.com";
          number = call.createUser(Requests.create("Ada", email, 1)).getUserId();
        }
        history.add(new Call(number, isRead, begin, System.nanoTime()));
        last.accumulateAndGet(number, Math::max);
      } catch (StatusRuntimeException unknown) {
        // It may have been done or not: a number that was not answered.
      }
      Waits.betweenCalls();
    }
    channel.shutdownNow();
  }

  private void awaitCalls() {
    int before = history.size();
    Waits.until("calls", () -> history.size() >= before + CALLS_A_FAULT);
  }
}
