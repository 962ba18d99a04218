package dev.userservice.operations;

import io.vertx.core.impl.VertxImpl;

/** The versions of this program and of its runtime. */
public final class Version {

  private Version() {}

  /** The version in the manifest of the jar; "dev" for classes in a folder. */
  public static String ofProgram() {
    String version = ofManifest();
    return version == null ? "dev" : version;
  }

  /** The version in the manifest of the jar; null for classes in a folder. */
  public static String ofManifest() {
    return Version.class.getPackage().getImplementationVersion();
  }

  /** The versions of the program, Vert.x and Java, for people. */
  public static String all() {
    return "user-service %s, Vert.x %s, Java %s"
        .formatted(ofProgram(), VertxImpl.version(), System.getProperty("java.version"));
  }
}
