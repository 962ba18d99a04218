package dev.userservice.operations;

/** What the environment says of tracing is refused; the message is for the operator. */
public final class TracingException extends RuntimeException {

  TracingException(String message) {
    super(message);
  }
}
