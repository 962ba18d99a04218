package dev.userservice.store;

/** Is told of what a store is asked for, such as to measure it. */
@FunctionalInterface
public interface StoreObserver {

  /**
   * A store is about to be asked. Called on the event loop that asks; must not throw.
   *
   * @param operation {@code get}, {@code create}, {@code createAll}, {@code page} or {@code count}
   * @return told, once and on the same event loop, how it has ended
   */
  Operation begin(String operation);

  /** One question to a store. */
  @FunctionalInterface
  interface Operation {

    /**
     * Must not throw.
     *
     * @param failure what it has failed with; null when it has succeeded
     */
    void end(Throwable failure);
  }
}
