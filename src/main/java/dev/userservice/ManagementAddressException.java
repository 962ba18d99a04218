package dev.userservice;

import dev.userservice.config.ManagementConfig;

/** The address of the management port cannot be listened on. */
final class ManagementAddressException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final transient ManagementConfig config;

  ManagementAddressException(ManagementConfig config, Throwable cause) {
    super(cause);
    this.config = config;
  }

  ManagementConfig config() {
    return config;
  }
}
