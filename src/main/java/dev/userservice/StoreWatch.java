package dev.userservice;

import dev.userservice.store.StoreException;
import dev.userservice.store.StoreException.Reason;
import dev.userservice.store.StoreTrouble;
import dev.userservice.store.UserStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.shareddata.Shareable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Whether the store of a server can be used: what it says of itself, and what calls find out. Each
 * change is logged once for all instances.
 */
final class StoreWatch {

  /** In {@link UserVerticle#LOCAL_MAP} the handler for a store that is lost. */
  private static final String LOSS = "loss";

  private static final String BACK = "the store is back, health says SERVING";

  private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);

  private record Loss(Consumer<String> handler) implements Shareable {}

  private final Vertx vertx;
  private final UserStore store;
  private final StoreTrouble trouble;

  /** What was last said of the store. */
  private final AtomicReference<String> says = new AtomicReference<>(BACK);

  /**
   * @param trouble observes all calls of the store
   */
  StoreWatch(Vertx vertx, UserStore store, StoreTrouble trouble) {
    this.vertx = vertx;
    this.store = store;
    this.trouble = trouble;
  }

  /** Fails while the store cannot be used; to be asked about once a second. */
  Future<Void> health() {
    return store.health().compose(answers -> found()).onComplete(this::report);
  }

  private Future<Void> found() {
    String message = trouble.unavailable();
    return message == null ? Future.succeededFuture() : Future.failedFuture(message);
  }

  private void report(Void healthy, Throwable failure) {
    String message = failure == null ? "" : failure.getMessage();
    String now = failure == null ? BACK : message + "; health says NOT_SERVING";
    if (!says.getAndSet(now).equals(now)) {
      LOG.warn(now);
    }
    trouble.report(message);
    if (failure instanceof StoreException refused
        && refused.reason() == Reason.UNUSABLE
        && vertx.sharedData().getLocalMap(UserVerticle.LOCAL_MAP).get(LOSS) instanceof Loss loss) {
      loss.handler().accept(message);
    }
  }

  /**
   * Hears, maybe several times, when the store of a server that runs can no longer be used. Without
   * a handler the server stays, and says NOT_SERVING.
   *
   * @param handler called on an event loop with what to tell the operator
   */
  static void onLoss(Vertx vertx, Consumer<String> handler) {
    vertx.sharedData().getLocalMap(UserVerticle.LOCAL_MAP).put(LOSS, new Loss(handler));
  }
}
