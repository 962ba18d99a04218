package dev.userservice.fuzz;

import java.util.List;
import java.util.function.IntFunction;

/**
 * One call over HTTP/2, as the frames that its caller writes. Other frames of the connection may
 * come in between.
 *
 * @param rpc the method
 * @param oddities the names of what is odd in it, for a report
 * @param steps what is written, in this order; the first one opens the stream
 * @param ending how the call has to end
 * @param status its code where that is known, else {@link #ANY_STATUS}
 */
record Call(Rpc rpc, List<String> oddities, List<Step> steps, Ending ending, int status) {

  static final int ANY_STATUS = -1;

  /** What a server owes to a call. */
  enum Ending {
    /** A status: the call breaks no rule. */
    ANSWERED,
    /** An answer or a reset: the caller has half-closed, and waits. */
    ENDED,
    /** Nothing: the caller cancels it, or leaves it open. */
    FREE
  }

  /**
   * What is written at once.
   *
   * @param bytes for the stream's id, which is not known before the call begins
   */
  record Step(String label, IntFunction<byte[]> bytes) {}

  boolean isRight() {
    return ending == Ending.ANSWERED;
  }
}
