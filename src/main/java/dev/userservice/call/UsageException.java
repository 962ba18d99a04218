package dev.userservice.call;

/** A mistake on the command line, or in a message that it sends. */
final class UsageException extends RuntimeException {

  UsageException(String message) {
    super(message, null, false, false);
  }
}
