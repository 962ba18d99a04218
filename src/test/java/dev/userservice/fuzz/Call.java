package dev.userservice.fuzz;

import java.util.List;
import java.util.function.IntFunction;

/**
 * One call over HTTP/2, as the frames that its caller writes. Other frames of the connection may be
 * between them.
 *
 * @param rpc the method
 * @param oddities their names, for a report
 * @param steps the parts to write, in this order; the first one opens the stream
 * @param ending the required end of the call
 * @param status the required code, or {@link #ANY_STATUS}
 */
record Call(Rpc rpc, List<String> oddities, List<Step> steps, Ending ending, int status) {

  static final int ANY_STATUS = -1;

  /** The end of a call that a server owes to its caller. */
  enum Ending {
    /** A status: the call breaks no rule. */
    ANSWERED,
    /** An answer or a reset: the caller has half-closed, and waits. */
    ENDED,
    /** Nothing: the caller cancels it, or leaves it open. */
    FREE
  }

  /**
   * A part that is written at once.
   *
   * @param bytes for the stream's id, which is unknown before the call starts
   */
  record Step(String label, IntFunction<byte[]> bytes) {}

  boolean isRight() {
    return ending == Ending.ANSWERED;
  }
}
