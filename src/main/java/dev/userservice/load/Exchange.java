package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;

/**
 * What is said in a call, and what has to be answered. One is used again and again, for one call at
 * a time, so that a call costs little more than its messages.
 */
abstract class Exchange {

  private long moved;

  /** Sends what can be sent at once. */
  abstract void begin(OpenCall call);

  /**
   * A message has come.
   *
   * @return what is wrong with it; null when nothing is
   */
  abstract String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException;

  /** What is missing at the end of a call that ended with OK; null when nothing is. */
  abstract String missing();

  final void move(int messages) {
    moved += messages;
  }

  /** How many messages there were in all calls so far. */
  final long moved() {
    return moved;
  }
}
