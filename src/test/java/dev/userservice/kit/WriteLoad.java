package dev.userservice.kit;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.list;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Callers who create users, one by one and in batches, and keep a list of what they were promised.
 * An e-mail address is used once, whatever the outcome.
 */
public final class WriteLoad implements AutoCloseable {

  private static final int CREATORS = 6;
  private static final int BATCHERS = 2;
  private static final int BATCH_USERS = 20;

  /** Of all loads: one may find the users of another, on servers that tests share. */
  private static final AtomicInteger NAMES = new AtomicInteger();

  /** The e-mail address of each id. */
  private final Map<Integer, String> acknowledged = new ConcurrentHashMap<>();

  private final Map<Code, AtomicInteger> refusals = new ConcurrentHashMap<>();
  private final Set<String> givenTwice = ConcurrentHashMap.newKeySet();

  private ExecutorService callers;
  private List<Future<?>> loads;
  private ManagedChannel channel;
  private volatile boolean stopping;

  /** Lets the callers loose on a server. */
  public void start(int port) {
    stopping = false;
    channel = channel(port);
    callers = Executors.newFixedThreadPool(CREATORS + BATCHERS);
    loads = new ArrayList<>();
    for (int i = 0; i < CREATORS; i++) {
      loads.add(callers.submit(() -> untilStopped(this::createOne)));
    }
    for (int i = 0; i < BATCHERS; i++) {
      loads.add(callers.submit(() -> untilStopped(this::createBatch)));
    }
  }

  /** Waits until so many more users have been acknowledged than at the moment. */
  public void awaitMore(int users) throws Exception {
    int before = acknowledged.size();
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    while (acknowledged.size() < before + users) {
      assertThat(System.nanoTime() - giveUp).as("users still come, %s", refusals).isNegative();
      for (Future<?> load : loads) {
        if (load.isDone()) {
          load.get();
        }
      }
      Waits.pause();
    }
  }

  /** Calls the callers back. */
  public void stop() throws Exception {
    stopping = true;
    try {
      for (Future<?> load : loads) {
        load.get(Waits.SECONDS, TimeUnit.SECONDS);
      }
    } finally {
      close();
    }
  }

  /** The statuses with which callers were refused, and how often. */
  public Map<Code, AtomicInteger> refusals() {
    return refusals;
  }

  /**
   * Checks that a server keeps all that was promised: by this one, or by one before it.
   *
   * @return the ids of all users
   */
  public List<Integer> assertKept(int port) throws Exception {
    ManagedChannel channel = channel(port);
    try {
      Map<Integer, String> kept = new HashMap<>();
      List<Integer> ids = new ArrayList<>();
      UserServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
          .listUsers(list(0, 0))
          .forEachRemaining(
              user -> {
                ids.add(user.getUserId());
                kept.put(user.getUserId(), user.getEmail());
              });
      assertThat(givenTwice).as("ids that were given twice").isEmpty();
      assertThat(ids).isSorted().doesNotHaveDuplicates();
      assertThat(kept.values()).doesNotHaveDuplicates();
      assertThat(kept).containsAllEntriesOf(acknowledged);
      assertThat(
              kept.values().stream()
                  .filter(email -> email.startsWith("batch"))
                  .collect(groupingBy(email -> email.split("-")[0], counting()))
                  .values())
          .as("users of each batch")
          .allMatch(users -> users == BATCH_USERS);
      return ids;
    } finally {
      channel.shutdownNow();
    }
  }

  /** The same, of a store whose ids have no gaps: the last one says how many users there are. */
  public void assertKeptWithoutAGap(int port) throws Exception {
    List<Integer> ids = assertKept(port);
    assertThat(ids.get(ids.size() - 1)).isEqualTo(ids.size());
  }

  @Override
  public void close() throws Exception {
    stopping = true;
    if (callers != null) {
      channel.shutdownNow();
      callers.shutdownNow();
      assertThat(callers.awaitTermination(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  private interface Caller {
    void call() throws Exception;
  }

  private Void untilStopped(Caller caller) throws Exception {
    while (!stopping) {
      try {
        caller.call();
      } catch (StatusRuntimeException refused) {
        refusals
            .computeIfAbsent(refused.getStatus().getCode(), code -> new AtomicInteger())
            .incrementAndGet();
      }
      Waits.betweenCalls();
    }
    return null;
  }

  private void createOne() {
    String email = "single" + NAMES.incrementAndGet() + "@example.com";
    UserResponse user =
        UserServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
            .createUser(create("Single", email, 1));
    acknowledge(user.getUserId(), email);
  }

  private void createBatch() throws Exception {
    String batch = "batch" + NAMES.incrementAndGet();
    List<String> emails =
        IntStream.range(0, BATCH_USERS).mapToObj(i -> batch + "-" + i + "@example.com").toList();
    Recorder<CreateUserRequest, BatchCreateResponse> answer = Recorder.reading();
    StreamObserver<CreateUserRequest> requests =
        UserServiceGrpc.newStub(channel)
            .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
            .batchCreateUsers(answer);
    emails.forEach(email -> requests.onNext(create("Batch", email, 2)));
    requests.onCompleted();
    if (!answer.status().isOk()) {
      throw answer.failure();
    }
    for (int i = 0; i < BATCH_USERS; i++) {
      acknowledge(answer.messages().get(0).getUserIds(i), emails.get(i));
    }
  }

  private void acknowledge(int userId, String email) {
    String other = acknowledged.put(userId, email);
    if (other != null) {
      givenTwice.add(userId + ": " + other + ", " + email);
    }
  }

  private static ManagedChannel channel(int port) {
    return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }
}
