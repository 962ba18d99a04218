package dev.userservice.operations;

/** An invalid setting of tracing; the message is for the operator. */
public final class TracingException extends RuntimeException {

  TracingException(String message) {
    super(message);
  }
}
