package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.drafts;
import static dev.userservice.store.Drafts.failure;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every promise of {@link UserStore}; each store runs it through a subclass of a few lines. */
abstract class UserStoreContract {

  private static Vertx vertx;
  private UserStore store;

  /** A new store, empty and not yet open. */
  protected abstract UserStore newStore(Vertx vertx);

  /** The size of a large store; at least several tens of thousands. */
  protected int manyUsers() {
    return 1_000_000;
  }

  @BeforeAll
  static void startVertx() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void stopVertx() {
    await(vertx.close());
  }

  @BeforeEach
  void openStore() {
    store = newStore(vertx);
    Drafts.open(store);
  }

  @AfterEach
  void closeStore() {
    await(store.close());
  }

  @Test
  void create_idsStartAtOneAndIncrease() {
    for (int id = 1; id <= 3; id++) {
      UserResponse draft = draft(id);
      assertThat(await(store.create(draft, WANTED)))
          .isEqualTo(draft.toBuilder().setUserId(id).build());
    }
  }

  @Test
  void create_emailTakenInAnotherCase() {
    await(store.create(draft("Bob@Example.com"), WANTED));

    assertThat(failure(store.create(draft("bOB@eXAMPLE.COM"), WANTED)).reason())
        .isEqualTo(StoreException.Reason.EMAIL_TAKEN);
    assertThat(await(store.create(draft(9), WANTED)).getUserId())
        .as("no id is used up by a create that failed")
        .isEqualTo(2);
  }

  @Test
  void create_manyCallersRaceForOneEmail() throws Exception {
    List<Callable<Integer>> callers =
        Collections.nCopies(
            64, () -> store.create(draft("race@example.com"), WANTED).map(1).otherwise(0).await());

    int winners = race(callers).stream().mapToInt(Integer::intValue).sum();

    assertThat(winners).isEqualTo(1);
    assertThat(Drafts.count(store)).isEqualTo(1);
  }

  @Test
  void create_manyCallers_getDistinctIds() throws Exception {
    List<Callable<Integer>> callers =
        IntStream.range(0, 2_000)
            .<Callable<Integer>>mapToObj(
                i -> () -> await(store.create(draft(i), WANTED)).getUserId())
            .toList();

    assertThat(race(callers)).containsExactlyInAnyOrderElementsOf(range(1, 2_000));
  }

  @Test
  void get_unknownId() {
    await(store.create(draft(1), WANTED));

    for (int id : new int[] {2, 0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertThat(failure(store.get(id)).reason()).isEqualTo(StoreException.Reason.NOT_FOUND);
    }
  }

  @Test
  void get_everyFieldAtItsLimit() {
    UserResponse draft =
        UserResponse.newBuilder()
            .setName("\ud83d\ude00".repeat(100))
            .setEmail("a".repeat(242) + "@example.com")
            .setAge(150)
            .setCreatedAt("9999-12-31T23:59:59.999Z")
            .build();

    int id = await(store.create(draft, WANTED)).getUserId();

    assertThat(await(store.get(id))).isEqualTo(draft.toBuilder().setUserId(id).build());
  }

  /** Fails when the contract gets a field that a store does not keep. */
  @Test
  void everyFieldOfTheContract_isKept() {
    UserResponse first = everyField(1).clearUserId().build();
    UserResponse second = everyField(2).clearUserId().build();
    int id = await(store.create(first, WANTED)).getUserId();
    int next = await(store.createAll(List.of(second), WANTED)).get(0);
    UserResponse[] users = {
      first.toBuilder().setUserId(id).build(), second.toBuilder().setUserId(next).build()
    };

    assertThat(users[0].getAllFields().keySet())
        .as("fields that are tested")
        .containsExactlyInAnyOrderElementsOf(UserResponse.getDescriptor().getFields());
    assertThat(List.of(await(store.get(id)), await(store.get(next)))).containsExactly(users);
    assertThat(await(store.page(0, 2))).containsExactly(users);
  }

  @Test
  void createAll_idsInTheOrderOfTheDrafts() {
    await(store.create(draft(0), WANTED));
    List<UserResponse> drafts = new ArrayList<>(drafts(1, 500));
    Collections.reverse(drafts);

    List<Integer> ids = await(store.createAll(drafts, WANTED));

    assertThat(ids).isSorted().hasSize(500).doesNotHaveDuplicates();
    for (int i = 0; i < ids.size(); i++) {
      assertThat(await(store.get(ids.get(i))).getEmail()).isEqualTo(drafts.get(i).getEmail());
    }
  }

  @Test
  void createAll_empty() {
    assertThat(await(store.createAll(List.of(), WANTED))).isEmpty();
  }

  @Test
  void createAll_lastEmailTaken() {
    await(store.create(draft(99), WANTED));
    List<UserResponse> drafts = drafts(0, 100);

    StoreException failure = failure(store.createAll(drafts, WANTED));

    assertThat(failure.reason()).isEqualTo(StoreException.Reason.EMAIL_TAKEN);
    assertThat(failure.index()).isEqualTo(99);
    assertThat(Drafts.count(store)).as("no user of the list was created").isEqualTo(1);
    assertThat(await(store.createAll(drafts.subList(0, 99), WANTED)))
        .as("no address is held")
        .hasSize(99);
  }

  @Test
  void createAll_sameEmailTwice() {
    StoreException failure =
        failure(store.createAll(List.of(draft("a@b"), draft("c@d"), draft("A@B")), WANTED));

    assertThat(failure.index()).isEqualTo(2);
    assertThat(Drafts.count(store)).isZero();
  }

  @Test
  void createAll_lowestOfTakenAndRepeated() {
    await(store.create(draft("taken@b"), WANTED));

    assertThat(failure(store.createAll(emails("taken@b", "c@d", "C@D"), WANTED)).index()).isZero();
    assertThat(failure(store.createAll(emails("c@d", "TAKEN@b", "C@D"), WANTED)).index())
        .isEqualTo(1);
    assertThat(failure(store.createAll(emails("c@d", "C@D", "taken@b"), WANTED)).index())
        .isEqualTo(1);
    assertThat(Drafts.count(store)).isEqualTo(1);
  }

  private static List<UserResponse> emails(String... emails) {
    return Stream.of(emails).map(Drafts::draft).toList();
  }

  @Test
  void createAll_overlappingListsInOppositeOrders() throws Exception {
    List<UserResponse> forwards = drafts(0, 200);
    List<UserResponse> backwards = new ArrayList<>(forwards);
    Collections.reverse(backwards);
    List<Callable<Integer>> callers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      List<UserResponse> drafts = i % 2 == 0 ? forwards : backwards;
      callers.add(() -> store.createAll(drafts, WANTED).map(List::size).otherwise(0).await());
    }

    assertThat(race(callers)).containsOnlyOnce(200);
    assertThat(Drafts.count(store)).isEqualTo(200);
  }

  @Test
  void createAll_neverSeenInPart() throws Exception {
    int lists = 100;
    int size = 50;
    ExecutorService writer = Executors.newSingleThreadExecutor();
    try {
      var writing =
          writer.submit(
              () -> {
                for (int i = 0; i < lists; i++) {
                  await(store.createAll(drafts(i * size, size), WANTED));
                }
              });
      Set<Integer> seen = new HashSet<>();
      while (!writing.isDone()) {
        seen.add(await(store.page(0, Integer.MAX_VALUE)).size());
      }
      writing.get();
      assertThat(seen).allMatch(users -> users % size == 0);
      assertThat(Drafts.count(store)).isEqualTo((long) lists * size);
    } finally {
      writer.shutdownNow();
    }
  }

  @Test
  void write_abandonedChangesNothing() {
    assertThat(failure(store.create(draft(1), () -> true)).reason())
        .isEqualTo(StoreException.Reason.ABANDONED);
    assertThat(failure(store.createAll(drafts(1, 3), () -> true)).reason())
        .isEqualTo(StoreException.Reason.ABANDONED);

    assertThat(Drafts.count(store)).isZero();
    assertThat(await(store.create(draft(1), WANTED)).getUserId()).isEqualTo(1);
  }

  @Test
  void result_completesOnTheEventLoopOfTheCaller() throws Exception {
    CompletableFuture<List<Thread>> threads = new CompletableFuture<>();
    vertx.runOnContext(
        turn -> {
          Thread caller = Thread.currentThread();
          List<Future<?>> calls =
              List.of(
                  store.create(draft(1), WANTED),
                  store.createAll(drafts(2, 2), WANTED),
                  store.get(1),
                  store.page(0, 10),
                  store.health());
          List<Thread> seen = new ArrayList<>(List.of(caller));
          calls.forEach(call -> call.onComplete(end -> seen.add(Thread.currentThread())));
          Future.join(calls).onComplete(end -> threads.complete(seen));
        });
    List<Thread> seen = threads.get(Waits.SECONDS, TimeUnit.SECONDS);
    assertThat(seen).hasSize(6).containsOnly(seen.get(0));
  }

  @Test
  void health_whileOpen() {
    await(store.health());
  }

  @Test
  void create_unusualText_isKeptUnchanged() {
    for (String name :
        List.of("O'Brien; DROP TABLE users", "\\x00 $1 %s ? :a", "\u202e\u00e9\u4e2d")) {
      UserResponse draft = draft(name.hashCode()).toBuilder().setName(name).setAge(0).build();
      int id = await(store.create(draft, WANTED)).getUserId();
      assertThat(await(store.get(id))).isEqualTo(draft.toBuilder().setUserId(id).build());
    }
  }

  @Test
  void page_inIdOrderAfterAnId() {
    await(store.createAll(drafts(0, 10_000), WANTED));

    assertThat(ids(0, 3)).containsExactly(1, 2, 3);
    assertThat(ids(-5, 2)).containsExactly(1, 2);
    assertThat(ids(4_094, 5)).containsExactly(4_095, 4_096, 4_097, 4_098, 4_099);
    assertThat(ids(9_998, 500)).containsExactly(9_999, 10_000);
    assertThat(ids(10_000, 1)).isEmpty();
    assertThat(ids(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEmpty();
    assertThat(ids(0, Integer.MAX_VALUE)).containsExactlyElementsOf(range(1, 10_000));
  }

  @Tag("slow")
  @Test
  void count_manyUsers() {
    int many = manyUsers();
    for (int i = 0; i < many; i += 10_000) {
      await(store.createAll(drafts(i, 10_000), WANTED));
    }

    assertThat(Drafts.count(store)).isEqualTo(many);
    assertThat(await(store.get(many)).getEmail())
        .isEqualTo("user%d@example.com".formatted(many - 1));
    assertThat(failure(store.create(draft(many / 2), WANTED)).reason())
        .isEqualTo(StoreException.Reason.EMAIL_TAKEN);
  }

  private static UserResponse.Builder everyField(int number) {
    return fill(draft(number).toBuilder());
  }

  /** Sets all fields that have their default value. */
  private static <B extends Message.Builder> B fill(B message) {
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      if (field.isRepeated()) {
        message.addRepeatedField(field, value(field, message));
      } else if (!message.hasField(field)) {
        message.setField(field, value(field, message));
      }
    }
    return message;
  }

  private static Object value(FieldDescriptor field, Message.Builder of) {
    return switch (field.getJavaType()) {
      case INT -> 7;
      case LONG -> 7L;
      case FLOAT -> 7f;
      case DOUBLE -> 7d;
      case BOOLEAN -> true;
      case STRING -> "seven";
      case BYTE_STRING -> ByteString.copyFromUtf8("seven");
      case ENUM -> field.getEnumType().getValues().get(1);
      case MESSAGE -> fill(of.newBuilderForField(field)).build();
    };
  }

  private List<Integer> ids(int afterUserId, int limit) {
    return await(store.page(afterUserId, limit)).stream().map(UserResponse::getUserId).toList();
  }

  private static List<Integer> range(int first, int last) {
    return IntStream.rangeClosed(first, last).boxed().toList();
  }

  private static List<Integer> race(List<Callable<Integer>> callers) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      List<Integer> results = new ArrayList<>();
      for (var result : threads.invokeAll(callers)) {
        results.add(result.get(Waits.SECONDS, TimeUnit.SECONDS));
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
