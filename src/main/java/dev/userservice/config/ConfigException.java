package dev.userservice.config;

/**
 * A refused configuration. Each line of the message has an origin, a value, and what is allowed.
 */
public final class ConfigException extends RuntimeException {

  public ConfigException(String message) {
    super(message);
  }
}
