package dev.userservice.config;

import java.util.Locale;

/** The kinds of store. The compiler reports each switch without a case for a new one. */
public enum StoreType {
  /** In the memory of the process; lost when it ends. */
  MEMORY("memory", false),

  /** In one file. */
  SQLITE("sqlite", false),

  /** In a PostgreSQL database. */
  POSTGRES("postgresql", true),

  /** In a log on the disks of several servers. */
  RAFT("raft", true);

  private final String system;
  private final boolean shared;

  StoreType(String system, boolean shared) {
    this.system = system;
    this.shared = shared;
  }

  /** The name in metrics and traces: OpenTelemetry's {@code db.system.name} if it has one. */
  public String system() {
    return system;
  }

  /** Returns true if several servers may have the same users. */
  public boolean isShared() {
    return shared;
  }

  /** The value of {@code store.type}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
