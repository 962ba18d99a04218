package dev.userservice.server;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One of two servers stops in the middle of a load; callers retry UNAVAILABLE on the other. */
@Tag("slow")
class DrainUnderLoadTest {

  private static final int CALLERS = 8;
  private static final int CALLS_BEFORE = 200;
  private static final int CALLS_AFTER = 100;

  @Test
  void drain_failsNoCallThatIsRetriedElsewhere() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try (RunningServer stopping = RunningServer.start(2, new JsonObject());
        RunningServer staying = RunningServer.start(2, new JsonObject())) {
      AtomicInteger answered = new AtomicInteger();
      AtomicInteger retried = new AtomicInteger();
      List<Future<?>> loads = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        UserServiceBlockingStub first = stopping.blocking();
        UserServiceBlockingStub second = staying.blocking();
        loads.add(
            callers.submit(
                () -> {
                  // Until every caller has met the server that has stopped, and goes on without it.
                  int withoutIt = 0;
                  while (withoutIt < CALLS_AFTER) {
                    withoutIt += call(first, second) ? 1 : 0;
                    answered.incrementAndGet();
                    retried.addAndGet(withoutIt > 0 ? 1 : 0);
                  }
                  return null;
                }));
      }
      Waits.until("calls are answered", () -> answered.get() >= CALLS_BEFORE);
      stopping.vertx().close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
      for (Future<?> load : loads) {
        load.get(Waits.SECONDS, TimeUnit.SECONDS);
      }
      assertThat(retried.get()).isGreaterThanOrEqualTo(CALLERS * CALLS_AFTER);
    } finally {
      callers.shutdownNow();
    }
  }

  /** Returns true if the second had to be asked; any status but UNAVAILABLE fails the test. */
  private static boolean call(UserServiceBlockingStub first, UserServiceBlockingStub second) {
    Function<UserServiceBlockingStub, Integer> calls =
        stub -> {
          List<UserResponse> users = new ArrayList<>();
          stub.listUsers(list(3, 0)).forEachRemaining(users::add);
          return stub.getUser(get(1)).getUserId() + users.size();
        };
    try {
      assertThat(calls.apply(first)).isEqualTo(4);
      return false;
    } catch (StatusRuntimeException refused) {
      assertThat(refused.getStatus().getCode()).as("%s", refused).isEqualTo(Code.UNAVAILABLE);
      assertThat(calls.apply(second)).isEqualTo(4);
      return true;
    }
  }
}
