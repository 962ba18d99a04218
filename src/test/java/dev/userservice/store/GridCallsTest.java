package dev.userservice.store;

import static dev.userservice.store.Drafts.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Vertx;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.infinispan.commons.CacheException;
import org.infinispan.commons.IllegalLifecycleStateException;
import org.infinispan.remoting.RemoteException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The engine's failures, in the shapes in which it was seen to have them. */
class GridCallsTest {

  private static final RuntimeException LEAVING =
      new CompletionException(
          new RemoteException(
              "from another server",
              new IllegalLifecycleStateException("Cache 'users.writes' is in 'STOPPING' state")));

  private final Vertx vertx = Vertx.vertx();
  private final GridCalls calls = new GridCalls(vertx);
  private int made;

  @AfterEach
  void close() {
    await(vertx.close());
  }

  @Test
  void aServerIsLeaving_isMadeAgainUntilItIsAnswered() {
    assertThat(await(calls.make(failing(3, LEAVING)))).isEqualTo("answer 4");
  }

  @Test
  void aServerIsLeavingForEver_fails() {
    assertThatThrownBy(() -> await(calls.make(failing(Integer.MAX_VALUE, LEAVING))))
        .hasRootCauseInstanceOf(IllegalLifecycleStateException.class);
    assertThat(made).isEqualTo(200);
  }

  @Test
  void anotherFailure_isMadeOnce() {
    assertThatThrownBy(() -> await(calls.make(failing(1, new CacheException("broken")))))
        .hasMessage("broken");
    assertThat(made).isOne();
  }

  private Supplier<CompletionStage<String>> failing(int times, Throwable failure) {
    return () ->
        ++made <= times
            ? CompletableFuture.failedFuture(failure)
            : CompletableFuture.completedFuture("answer " + made);
  }
}
