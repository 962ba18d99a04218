package dev.userservice.config;

/** A configuration that is refused, in one or two lines: where, what was found, what is allowed. */
public final class ConfigException extends RuntimeException {

  public ConfigException(String message) {
    super(message);
  }
}
