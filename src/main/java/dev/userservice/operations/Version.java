package dev.userservice.operations;

import io.vertx.core.impl.VertxImpl;

/** The versions of this program and of its runtime. */
public final class Version {

  private Version() {}

  /** From the manifest of the jar; "dev" for classes in a folder. */
  public static String ofProgram() {
    String version = ofManifest();
    return version == null ? "dev" : version;
  }

  /** From the manifest of the jar; null for classes in a folder. */
  public static String ofManifest() {
    return Version.class.getPackage().getImplementationVersion();
  }

  /** For people: the program, Vert.x and Java. */
  public static String all() {
    return "user-service %s, Vert.x %s, Java %s"
        .formatted(ofProgram(), VertxImpl.version(), System.getProperty("java.version"));
  }
}
