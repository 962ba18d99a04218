package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What calls find out about a store, for operators: the log says each change once with a count, and
 * health takes it into account. The counterpart of {@link UserStore#health}, which sees no damaged
 * page and no full disk.
 *
 * <p>May be used from all threads.
 */
public final class StoreTrouble implements StoreObserver {

  private static final Logger LOG = LoggerFactory.getLogger(StoreTrouble.class);

  /** The store has answered: a failure of the call, not of the store. */
  private static final Set<Reason> ANSWERS = Set.of(Reason.NOT_FOUND, Reason.EMAIL_TAKEN);

  /** How long a failed call counts against health when no later one succeeds. */
  private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How often a failure that lasts is logged again. */
  private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Kind reads = new Kind("reads");
  private final Kind writes = new Kind("writes");

  @Override
  public Operation begin(String operation) {
    return operation.startsWith("create") ? writes : reads;
  }

  /**
   * The message of a failed call that means that the store is unavailable, if no later call of its
   * kind succeeded and it ended within the last 5 s; otherwise null.
   */
  public String unavailable() {
    String write = writes.unavailable();
    return write != null ? write : reads.unavailable();
  }

  /**
   * Logs what changed since the last time; to be called about once a second.
   *
   * @param known a message the log has already, not to be repeated
   */
  public void report(String known) {
    reads.report(known);
    writes.report(known);
  }

  /** The calls that read, or those that write. */
  private static final class Kind implements Operation {

    private final String name;

    /** Whether the last call failed. */
    private volatile boolean failing;

    // All of these under the lock of this.
    private String message;
    private boolean isUnavailable;
    private long failedNanos;
    private long failures;
    private String logged;
    private long loggedNanos;

    Kind(String name) {
      this.name = name;
    }

    @Override
    public void end(Throwable failure) {
      if (failure == null || failure instanceof StoreException e && ANSWERS.contains(e.reason())) {
        if (failing) {
          // Else each call would write what all event loops read.
          failing = false;
        }
      } else if (failure instanceof StoreException refused
          && refused.reason() != Reason.ABANDONED) {
        failed(refused);
      }
      // Any other failure is unexpected, and logged with its stack trace where it ends the call.
    }

    private synchronized void failed(StoreException refused) {
      message = refused.getMessage();
      isUnavailable = refused.reason() == Reason.UNAVAILABLE;
      failedNanos = System.nanoTime();
      failures++;
      failing = true;
    }

    synchronized String unavailable() {
      return failing && isUnavailable && System.nanoTime() - failedNanos < HOLD_NANOS
          ? message
          : null;
    }

    synchronized void report(String known) {
      long now = System.nanoTime();
      if (failures > 0 && (!message.equals(logged) || now - loggedNanos > AGAIN_NANOS)) {
        if (!message.equals(known)) {
          LOG.warn(
              "%s of the store fail (%d since the last line): %s"
                  .formatted(name, failures, message));
        }
        logged = message;
        loggedNanos = now;
        failures = 0;
      }
      if (!failing && logged != null) {
        LOG.warn(
            "%s of the store succeed again; %d more failed meanwhile".formatted(name, failures));
        logged = null;
        failures = 0;
      }
    }
  }
}
