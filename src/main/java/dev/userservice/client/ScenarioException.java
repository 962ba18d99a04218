package dev.userservice.client;

/** A scenario that failed, or could not start: explained in one or two lines for whoever ran it. */
public final class ScenarioException extends RuntimeException {

  ScenarioException(String message) {
    super(message, null, false, false);
  }

  /** What to say of a failure, whatever kind it is of. */
  static String reason(Throwable failure) {
    if (failure instanceof CallException call) {
      return call.explained();
    }
    // Anything else is a mistake of ours; its class helps to find it.
    return failure instanceof ScenarioException ? failure.getMessage() : failure.toString();
  }
}
