package dev.userservice.user;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.ServerConfig;
import dev.userservice.proto.UserResponse;
import dev.userservice.store.Stores;
import dev.userservice.store.UserStore;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.Checkpoint;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class UserPagesTest {

  private static final int USERS = 100_000;

  private final AtomicInteger pagesRead = new AtomicInteger();
  private UserStore store;
  private Context context;

  @BeforeEach
  void fill(Vertx vertx) {
    context = vertx.getOrCreateContext();
    UserStore memory =
        Stores.of(ServerConfig.from(new JsonObject()).store(), vertx, List.of(), Optional.empty());
    memory
        .createAll(
            IntStream.range(0, USERS)
                .mapToObj(i -> UserResponse.newBuilder().setEmail("user" + i + "@b").build())
                .toList(),
            () -> false)
        .await();
    store = memory;
  }

  @Test
  void all_inOrder(VertxTestContext test) {
    List<Integer> ids = new ArrayList<>();
    context.runOnContext(
        turn ->
            new UserPages(store, 0, 0, Unbounded.MEMORY)
                .exceptionHandler(test::failNow)
                .endHandler(
                    end -> {
                      test.verify(
                          () ->
                              assertThat(ids)
                                  .containsExactlyElementsOf(
                                      IntStream.rangeClosed(1, USERS).boxed().toList()));
                      test.completeNow();
                    })
                .handler(user -> ids.add(user.getUserId())));
  }

  @Test
  void reader_thatStops_costsOnePage(VertxTestContext test) {
    UserStore counting = replacingPages((after, limit) -> store.page(after, limit));
    List<Integer> ids = new ArrayList<>();
    context.runOnContext(
        turn -> {
          UserPages pages = new UserPages(counting, 0, 0, Unbounded.MEMORY);
          pages.pause();
          pages.handler(
              user -> {
                ids.add(user.getUserId());
                if (ids.size() == 10) {
                  // Later turns would show a read that continues without demand.
                  context.runOnContext(
                      later ->
                          context.runOnContext(
                              evenLater -> {
                                test.verify(() -> assertThat(ids).hasSize(10));
                                test.verify(() -> assertThat(pagesRead).hasValue(1));
                                test.completeNow();
                              }));
                }
              });
          pages.fetch(10);
        });
  }

  @Test
  void page_thatFails_failsTheStreamAndDoesNotEndIt(VertxTestContext test) {
    Checkpoint failed = test.checkpoint();
    UserStore failing =
        replacingPages(
            (after, limit) ->
                after < 1_050 ? store.page(after, limit) : Future.failedFuture("disk on fire"));
    List<Integer> ids = new ArrayList<>();
    context.runOnContext(
        turn ->
            new UserPages(failing, 0, 0, Unbounded.MEMORY)
                .exceptionHandler(
                    failure -> {
                      test.verify(() -> assertThat(failure).hasMessage("disk on fire"));
                      test.verify(() -> assertThat(ids).hasSize(1_050));
                      failed.flag();
                    })
                .endHandler(end -> test.failNow("a truncated list must not look complete"))
                .handler(user -> ids.add(user.getUserId())));
  }

  @Test
  void fetch_deliversExactlyTheDemand(VertxTestContext test) {
    List<Integer> ids = new ArrayList<>();
    context.runOnContext(
        turn -> {
          UserPages pages = new UserPages(store, 0, 1_200, Unbounded.MEMORY);
          pages.pause();
          pages
              .endHandler(
                  end -> {
                    test.verify(() -> assertThat(ids).hasSize(1_200));
                    test.completeNow();
                  })
              .handler(
                  user -> {
                    ids.add(user.getUserId());
                    pages.fetch(1);
                  });
          pages.fetch(1);
        });
  }

  private interface PageReader {
    Future<List<UserResponse>> page(int afterUserId, int limit);
  }

  /** A store that serves pages only, and counts them. */
  private UserStore replacingPages(PageReader reader) {
    return (UserStore)
        Proxy.newProxyInstance(
            UserStore.class.getClassLoader(),
            new Class<?>[] {UserStore.class},
            (proxy, method, arguments) -> {
              assertThat(method.getName()).isEqualTo("page");
              pagesRead.incrementAndGet();
              return reader.page((int) arguments[0], (int) arguments[1]);
            });
  }
}
