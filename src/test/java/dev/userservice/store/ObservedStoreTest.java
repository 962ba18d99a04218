package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.draft;
import static dev.userservice.store.Drafts.drafts;
import static dev.userservice.store.Drafts.reason;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ObservedStoreTest {

  private final List<String> observed = new ArrayList<>();

  @Test
  void everyOperation_isObservedWithItsEnd() {
    UserStore store = ObservedStore.of(new MemoryStore(), List.of(observer("")));
    await(store.open());

    await(store.create(draft(1), WANTED));
    await(store.createAll(drafts(2, 2), WANTED));
    await(store.get(3));
    assertThat(reason(store.get(4))).isEqualTo(StoreException.Reason.NOT_FOUND);
    assertThat(await(store.page(0, 10))).hasSize(3);
    await(store.health());
    await(store.close());

    assertThat(observed)
        .containsExactly(
            "create",
            "create ok",
            "createAll",
            "createAll ok",
            "get",
            "get ok",
            "get",
            "get NOT_FOUND",
            "page",
            "page ok");
  }

  @Test
  void twoObservers_areNested() {
    UserStore store =
        ObservedStore.of(new MemoryStore(), List.of(observer("inner "), observer("outer ")));
    await(store.open());
    await(store.page(0, 1));

    assertThat(observed)
        .containsExactly("outer page", "inner page", "inner page ok", "outer page ok");
  }

  @Test
  void withoutObservers_isTheStoreItself() {
    UserStore store = new MemoryStore();

    assertThat(ObservedStore.of(store, List.of())).isSameAs(store);
  }

  private StoreObserver observer(String name) {
    return operation -> {
      observed.add(name + operation);
      return failure ->
          observed.add(
              name
                  + operation
                  + " "
                  + (failure instanceof StoreException known ? known.reason() : "ok"));
    };
  }
}
