package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;

/**
 * The messages of a call, and the check of its answers. Reused, for one call at a time, so that a
 * call costs little more than its messages.
 */
abstract class Exchange {

  private long moved;

  /** Sends all that can be sent without waiting. */
  abstract void begin(OpenCall call);

  /**
   * Checks a message from the server.
   *
   * @return the fault in it, or null
   */
  abstract String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException;

  /** The fault of a call that ended with OK but too early, or null. */
  abstract String missing();

  final void move(int messages) {
    moved += messages;
  }

  /** The number of messages in all calls so far. */
  final long moved() {
    return moved;
  }
}
