package dev.userservice.operations;

import dev.userservice.config.ManagementConfig;

/** A management address that the server cannot listen on. */
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
