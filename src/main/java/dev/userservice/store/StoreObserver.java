package dev.userservice.store;

/** Observes the reads and writes of a store, for example to measure them. */
@FunctionalInterface
public interface StoreObserver {

  /**
   * Called before each operation, on the event loop that starts it. Must not throw.
   *
   * @param operation {@code get}, {@code create}, {@code createAll} or {@code page}
   * @return called once, on the same event loop, when the operation ends
   */
  Operation begin(String operation);

  /** One operation of a store. */
  @FunctionalInterface
  interface Operation {

    /**
     * Must not throw.
     *
     * @param failure the cause, or null after success
     */
    void end(Throwable failure);
  }
}
