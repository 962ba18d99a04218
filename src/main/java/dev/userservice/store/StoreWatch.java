package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * The health of a server's store: its own answer, combined with the failures of calls. Each change
 * is logged once for all instances.
 */
public final class StoreWatch {

  private static final String BACK = "the store is back, health says SERVING";

  private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);

  private final UserStore store;
  private final StoreTrouble trouble;
  private final Consumer<String> lost;

  /** The last state that was logged. */
  private final AtomicReference<String> state = new AtomicReference<>(BACK);

  /**
   * @param trouble observes all calls of the store
   * @param lost called, possibly several times, with the reason, when the store is lost for good
   */
  public StoreWatch(UserStore store, StoreTrouble trouble, Consumer<String> lost) {
    this.store = store;
    this.trouble = trouble;
    this.lost = lost;
  }

  /** Fails while the store cannot be used. Called about once a second. */
  public Future<Void> health() {
    return store.health().compose(answers -> checkCalls()).onComplete(this::report);
  }

  private Future<Void> checkCalls() {
    String message = trouble.unavailable();
    return message == null ? Future.succeededFuture() : Future.failedFuture(message);
  }

  private void report(Void healthy, Throwable failure) {
    String message = failure == null ? "" : failure.getMessage();
    String now = failure == null ? BACK : message + "; health says NOT_SERVING";
    if (!state.getAndSet(now).equals(now)) {
      LOG.warn(now);
    }
    trouble.report(message);
    if (failure instanceof StoreException refused && refused.reason() == Reason.UNUSABLE) {
      lost.accept(message);
    }
  }
}
