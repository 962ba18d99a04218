package dev.userservice.operations;

import dev.userservice.config.ManagementConfig;

/** The address of the management port cannot be listened on. */
public final class ManagementAddressException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final transient ManagementConfig config;

  public ManagementAddressException(ManagementConfig config, Throwable cause) {
    super(cause);
    this.config = config;
  }

  public ManagementConfig config() {
    return config;
  }
}
