package dev.userservice.client;

/**
 * No server accepted a connection in time; the message has the addresses, the time and the cause.
 */
public final class NoServerException extends RuntimeException {

  NoServerException(String message) {
    super(message, null, false, false);
  }
}
