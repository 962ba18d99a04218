package dev.userservice.user;

/**
 * Counts the memory that a call keeps between its messages, against what its caller and the server
 * may hold. Belongs to the event loop of the call.
 */
public interface Holder {

  /**
   * Holds bytes until they are released or the call ends.
   *
   * @return false when a limit would be exceeded
   */
  boolean hold(int bytes);

  /** Releases bytes that were held. */
  void release(int bytes);

  /** The failure of a call that could not hold what it needs. */
  Throwable exceeded();
}
