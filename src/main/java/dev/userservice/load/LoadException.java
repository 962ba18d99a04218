package dev.userservice.load;

/** A load that could not run, or had failed calls: explained in a line or two. */
public final class LoadException extends RuntimeException {

  public LoadException(String message) {
    super(message, null, false, false);
  }
}
