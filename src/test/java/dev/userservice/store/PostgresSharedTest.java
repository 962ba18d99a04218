package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.drafts;
import static dev.userservice.store.Drafts.failure;
import static dev.userservice.store.Drafts.reason;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.PostgresServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several servers on one database, and the obstacles to opening it. */
class PostgresSharedTest {

  @TempDir private Path folder;
  private final PostgresStores stores = new PostgresStores();
  private final PostgresServer server = PostgresServer.shared();
  private final JsonObject database = server.database();

  @AfterEach
  void stop() {
    stores.close();
  }

  @Test
  void open_manyAtOnce() {
    List<Future<Void>> opening =
        IntStream.range(0, 8).mapToObj(i -> stores.store(database)).map(UserStore::open).toList();

    opening.forEach(Drafts::await);

    await(stores.all.get(0).create(draft(1), WANTED));
    assertThat(stores.all).allSatisfy(store -> assertThat(Drafts.count(store)).isEqualTo(1));
  }

  @Test
  void emailAddresses_areUniqueBetweenThem() {
    List<UserStore> both = List.of(stores.open(database), stores.open(database));
    List<Future<Object>> creates = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      for (UserStore store : both) {
        creates.add(
            store
                .create(draft(i), WANTED)
                .<Object>map(UserResponse::getUserId)
                .otherwise(refused -> ((StoreException) refused).reason()));
      }
    }

    List<Object> outcomes = creates.stream().map(Drafts::await).toList();

    assertThat(outcomes.stream().filter(Integer.class::isInstance))
        .hasSize(500)
        .doesNotHaveDuplicates();
    assertThat(outcomes).filteredOn(Reason.EMAIL_TAKEN::equals).hasSize(500);
    assertThat(Drafts.count(both.get(0))).isEqualTo(500);
  }

  @Test
  void batches_inOppositeOrdersThroughBoth() {
    List<UserStore> both = List.of(stores.open(database), stores.open(database));
    List<UserResponse> forwards = drafts(0, 500);
    List<UserResponse> backwards = new ArrayList<>(forwards);
    java.util.Collections.reverse(backwards);
    List<Future<Integer>> creates = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      creates.add(both.get(0).createAll(forwards, WANTED).map(List::size).otherwise(0));
      creates.add(both.get(1).createAll(backwards, WANTED).map(List::size).otherwise(0));
    }

    assertThat(creates.stream().map(Drafts::await)).containsOnlyOnce(500);
    assertThat(Drafts.count(both.get(0))).isEqualTo(500);
  }

  /** "A reader that has seen an id finds no smaller one created later." */
  @Test
  void reader_continuingAfterTheLastId_missesNoUser() throws Exception {
    int creates = 1_500;
    List<UserStore> writers = List.of(stores.open(database), stores.open(database));
    UserStore reader = stores.open(database);
    ExecutorService threads = Executors.newFixedThreadPool(writers.size());
    try {
      List<java.util.concurrent.Future<?>> writing = new ArrayList<>();
      for (int w = 0; w < writers.size(); w++) {
        UserStore store = writers.get(w);
        int first = w * 1_000_000;
        writing.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < creates; i += 5) {
                    Future<UserResponse> one = store.create(draft(first + i), WANTED);
                    await(store.createAll(drafts(first + i + 1, 4), WANTED));
                    await(one);
                  }
                }));
      }
      Set<Integer> seen = new HashSet<>();
      int last = 0;
      boolean over = false;
      while (!over) {
        over = writing.stream().allMatch(java.util.concurrent.Future::isDone);
        for (UserResponse user : await(reader.page(last, 1_000))) {
          last = user.getUserId();
          seen.add(last);
        }
      }
      for (java.util.concurrent.Future<?> end : writing) {
        end.get(Waits.SECONDS, TimeUnit.SECONDS);
      }
      while (seen.size() < last && !await(reader.page(last, 1)).isEmpty()) {
        last = await(reader.page(last, 1)).get(0).getUserId();
        seen.add(last);
      }
      assertThat(seen).hasSize(2 * creates);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void open_aNewerSchema() {
    await(stores.open(database).close());
    stores.all.clear();
    server.execute(database.getString("database"), "INSERT INTO schema_version VALUES (99)");

    assertUnusable(database, "schema version 99", database.getString("database"));
  }

  @Test
  void open_withTheWrongPassword() throws Exception {
    server.execute("postgres", "CREATE ROLE careful LOGIN PASSWORD 'right' SUPERUSER");
    server.askForPassword("careful");
    database.put("user", "careful");
    Path file = Files.writeString(folder.resolve("password"), "right\n");

    assertUnusable(database.copy().put("password", "Wr0ng"), "the user or the password");
    assertUnusable(database.copy(), "the user or the password");
    assertUnusable(
        database.copy().put("passwordFile", folder.resolve("none").toString()),
        "\"store.postgres.passwordFile\"");
    stores.open(database.copy().put("passwordFile", file.toString()));
    stores.open(database.copy().put("password", "right"));
    JsonObject uri =
        new JsonObject()
            .put(
                "uri",
                "postgresql://careful:right@127.0.0.1:%d/%s"
                    .formatted(database.getInteger("port"), database.getString("database")));
    stores.open(uri);
  }

  @Test
  void open_missingDatabaseRoleOrServer() {
    assertUnusable(database.copy().put("database", "nowhere"), "createdb nowhere");
    assertUnusable(database.copy().put("database", "100%d"), "createdb 100%d");
    assertUnusable(database.copy().put("user", "unknown"), "the role exists", "pg_hba.conf");
    assertThat(reason(stores.store(database.copy().put("port", 1)).open()))
        .isEqualTo(Reason.UNAVAILABLE);
    assertThat(
            reason(
                stores
                    .store(
                        database.copy().put("host", "no.such.host.invalid").put("insecure", true))
                    .open()))
        .isEqualTo(Reason.UNAVAILABLE);
  }

  @Test
  void open_withoutTheRightToMakeTables() {
    String name = database.getString("database");
    server.execute("postgres", "CREATE ROLE humble LOGIN");
    JsonObject humble = database.copy().put("user", "humble");
    assertUnusable(humble, "may not make tables");

    stores.open(database);
    server.execute(name, "GRANT SELECT ON schema_version TO humble");
    server.execute(name, "GRANT SELECT, INSERT ON users TO humble");

    assertThat(await(stores.open(humble).create(draft(1), WANTED)).getUserId()).isEqualTo(1);
  }

  private void assertUnusable(JsonObject settings, String... why) {
    StoreException refused = failure(stores.store(settings).open());

    assertThat(refused.reason()).as(refused.getMessage()).isEqualTo(Reason.UNUSABLE);
    assertThat(refused).hasMessageContainingAll(why);
    assertThat(refused.getMessage()).doesNotContain("Wr0ng");
  }
}
