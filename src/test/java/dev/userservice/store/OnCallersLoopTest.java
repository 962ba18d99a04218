package dev.userservice.store;

import static dev.userservice.store.Drafts.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
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
}
