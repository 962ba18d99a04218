package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Failures of a store that calls run into. Each change is logged once with a count, and health
 * takes it into account. Complements {@link UserStore#health}, which detects no damaged page and no
 * full disk. Thread-safe.
 */
public final class StoreTrouble implements StoreObserver {

  private static final Logger LOG = LoggerFactory.getLogger(StoreTrouble.class);

  /** Regular answers: the call failed, not the store. */
  private static final Set<Reason> ANSWERS = Set.of(Reason.NOT_FOUND, Reason.EMAIL_TAKEN);

  /** The time for which a failed call counts against health, unless a later one succeeds. */
  private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** The interval at which a lasting failure is logged again. */
  private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Kind reads = new Kind("reads");
  private final Kind writes = new Kind("writes");

  @Override
  public Operation begin(String operation) {
    return operation.startsWith("create") ? writes : reads;
  }

  /**
   * Returns the message of a call that failed as UNAVAILABLE within the last 5 s, or null without
   * one, or after a later success of its kind.
   */
  public String unavailable() {
    String write = writes.unavailable();
    return write != null ? write : reads.unavailable();
  }

  /**
   * Logs the changes since the last report. Called about once a second.
   *
   * @param known a message that is logged already, and not repeated
   */
  public void report(String known) {
    reads.report(known);
    writes.report(known);
  }

  /** The reads, or the writes. */
  private static final class Kind implements Operation {

    private final String name;

    /** True when the last call failed. */
    private volatile boolean failing;

    // Guarded by this.
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
          // Checked first: otherwise each call would write a field that all event loops read.
          failing = false;
        }
      } else if (failure instanceof StoreException refused
          && refused.reason() != Reason.ABANDONED) {
        failed(refused);
      }
      // Any other failure is unexpected; it is logged with its stack trace where the call ends.
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
