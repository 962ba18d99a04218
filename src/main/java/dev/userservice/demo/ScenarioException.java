package dev.userservice.demo;

import dev.userservice.client.CallException;

/** A scenario that failed or could not start, with an explanation in one or two lines. */
public final class ScenarioException extends RuntimeException {

  ScenarioException(String message) {
    super(message, null, false, false);
  }

  /** The explanation of any failure. */
  static String reason(Throwable failure) {
    if (failure instanceof CallException call) {
      return call.statusAndMessage();
    }
    // Anything else is a bug; its class helps to find it.
    return failure instanceof ScenarioException ? failure.getMessage() : failure.toString();
  }
}
