package dev.userservice.store;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.function.Supplier;

/**
 * Lets reads through once it is confirmed that what they will see is no older than they are. Reads
 * that wait at the same time share one confirmation: the first that begins after all of them have
 * come. May be used from any thread.
 */
final class ReadGate {

  private final Supplier<Future<Void>> confirm;

  // Both under the lock of this.
  private Promise<Void> next;
  private boolean confirming;

  ReadGate(Supplier<Future<Void>> confirm) {
    this.confirm = confirm;
  }

  /** Completes on any thread. */
  Future<Void> pass() {
    Future<Void> passed;
    synchronized (this) {
      if (next == null) {
        next = Promise.promise();
      }
      passed = next.future();
      if (confirming) {
        return passed;
      }
      confirming = true;
    }
    confirmNext();
    return passed;
  }

  private void confirmNext() {
    Promise<Void> those;
    synchronized (this) {
      those = next;
      next = null;
      confirming = those != null;
    }
    if (those != null) {
      confirm
          .get()
          .onComplete(
              (confirmed, failure) -> {
                confirmNext();
                those.complete(confirmed, failure);
              });
    }
  }
}
