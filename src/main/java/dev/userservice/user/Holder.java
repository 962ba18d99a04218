package dev.userservice.user;

/**
 * Counts the memory that a call keeps between its messages, against what its caller and the server
 * may hold. Belongs to the event loop of the call.
 */
public interface Holder {

  /**
   * Holds bytes until they are released or the call ends.
   *
   * @return false when there is no memory for them
   */
  boolean hold(int bytes);

  /** Releases bytes that were held. */
  void release(int bytes);

  /** What ends a call for which there is no memory. */
  Throwable exceeded();
}
