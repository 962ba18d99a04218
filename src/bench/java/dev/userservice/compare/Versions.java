package dev.userservice.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The versions of what was compared. */
final class Versions {

  /** The jars whose names say the versions of the Java peers. */
  private static final Pattern JAR =
      Pattern.compile("/(vertx-core|vertx-grpc-server|vertx-web|netty-buffer)-(\\d[^/:]*)\\.jar");

  private static final Pattern GRPC_JAVA = Pattern.compile("/(grpc-netty-shaded)-(\\d[^/:]*)\\.jar");

  private Versions() {}

  static String line() {
    List<String> versions = new ArrayList<>();
    jars(versions, JAR, System.getProperty("java.class.path"));
    jars(versions, GRPC_JAVA, Peers.grpcJavaJars());
    ask(versions, "h2load", "--version");
    ask(versions, "go", "version");
    ask(versions, "dpkg-query", "-W", "-f", "${Package} ${Version}", "golang-google-grpc-dev");
    ask(versions, "dpkg-query", "-W", "-f", "${Package} ${Version}", "libgrpc++-dev");
    ask(versions, "dpkg-query", "-W", "-f", "${Package} ${Version}", "python3-grpcio");
    return String.join(", ", versions) + ".";
  }

  private static void jars(List<String> versions, Pattern name, String classPath) {
    Matcher jar = name.matcher(classPath);
    while (jar.find()) {
      versions.add(jar.group(1) + " " + jar.group(2));
    }
  }

  /** An absent program has no version. */
  private static void ask(List<String> versions, String... command) {
    try {
      versions.add(Tool.run(List.of(command), 10).strip());
    } catch (Exception absent) {
      return;
    }
  }
}
