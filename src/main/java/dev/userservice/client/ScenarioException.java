package dev.userservice.client;

/** A scenario that failed, or could not start: explained in one or two lines for whoever ran it. */
public final class ScenarioException extends RuntimeException {

  ScenarioException(String message) {
    super(message, null, false, false);
  }
}
