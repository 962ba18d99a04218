package dev.userservice.store;

import static dev.userservice.store.Drafts.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import org.junit.jupiter.api.Test;

class OnCallersLoopTest {

  @Test
  void result_afterVertxIsClosed_reachesNoCaller() {
    Vertx vertx = Vertx.vertx();
    Promise<Void> read = Promise.promise();
    Future<Void> onLoop = OnCallersLoop.of(vertx, read.future());
    await(vertx.close());

    assertThatCode(read::complete).doesNotThrowAnyException();

    assertThat(onLoop.isComplete()).isFalse();
  }

  /** Vert.x calls back on the event loop that a Future belongs to, also when it is complete. */
  @Test
  void result_ofAnotherEventLoop_thatIsComplete() {
    Vertx vertx = Vertx.vertx();
    try {
      Context caller = ((VertxInternal) vertx).createEventLoopContext();
      Context other = ((VertxInternal) vertx).createEventLoopContext();
      Promise<Future<String>> made = Promise.promise();
      other.runOnContext(
          turn -> {
            Future<String> result = vertx.executeBlocking(() -> "done");
            result.onComplete(done -> made.complete(result));
          });
      Future<String> complete = await(made.future());
      Promise<Thread> calledBack = Promise.promise();
      caller.runOnContext(
          turn ->
              OnCallersLoop.of(vertx, complete)
                  .onSuccess(done -> calledBack.complete(Thread.currentThread())));

      assertThat(await(calledBack.future()))
          .isEqualTo(threadOf(caller))
          .isNotEqualTo(threadOf(other));
    } finally {
      await(vertx.close());
    }
  }

  private static Thread threadOf(Context context) {
    Promise<Thread> thread = Promise.promise();
    context.runOnContext(turn -> thread.complete(Thread.currentThread()));
    return await(thread.future());
  }
}
