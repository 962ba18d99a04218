package dev.userservice.kit;

import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An archive of the classes that a server loads from jars, for the JVMs of the tests: hundreds,
 * each of which would else take two seconds of processor time to start. The first that needs it
 * makes it, for all JVMs of the build.
 */
final class ClassArchive {

  /** An archive is of jars alone, and a class path that uses it has to begin with them. */
  private static final String JARS = entries().filter(ClassArchive::isJar).collect(joined());

  static final String CLASS_PATH =
      Stream.concat(Stream.of(JARS), entries().filter(entry -> !isJar(entry))).collect(joined());

  private static final Path FOLDER = Path.of("target", "class-archive");

  private static List<String> options;

  private ClassArchive() {}

  /** The options of a JVM that uses it; none where this JDK cannot make one. */
  static synchronized List<String> options() throws IOException {
    if (options == null) {
      Path archive = Files.createDirectories(FOLDER).toAbsolutePath().resolve(name());
      try (FileChannel file =
              FileChannel.open(
                  FOLDER.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = file.lock()) {
        options =
            Files.exists(archive) || make(archive)
                ? List.of("-XX:SharedArchiveFile=" + archive)
                : List.of();
      }
    }
    return options;
  }

  /** Of another JDK, or of jars that have changed, it would be of no use. */
  private static String name() {
    String of =
        Stream.of(JARS.split(File.pathSeparator))
            .map(File::new)
            .map(jar -> jar + " " + jar.length() + " " + jar.lastModified())
            .collect(Collectors.joining("\n", Runtime.version() + "\n", ""));
    return Integer.toHexString(of.hashCode()) + ".jsa";
  }

  /** Notes the classes of a server that has all parts, and makes the archive of them. */
  private static boolean make(Path archive) throws IOException {
    Path folder = Files.createTempDirectory(FOLDER, "make");
    Path classes = folder.resolve("classes");
    JsonObject config =
        ClusterNode.cluster()
            .put("port", 0)
            .put("management", new JsonObject().put("port", FreePorts.one()))
            .put("store", RaftConfigs.store(RaftConfigs.servers(1), folder.resolve("raft")));
    JavaProcess server =
        JavaProcess.start(
            List.of(),
            folder,
            Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + FreePorts.one()),
            List.of("-XX:DumpLoadedClassList=" + classes),
            "--cluster",
            "--conf",
            config.encode());
    Path made = folder.resolve("archive");
    try {
      server.port();
      server.process().destroy();
      server.exitCode();
      Process dump =
          new ProcessBuilder(
                  JavaProcess.JAVA,
                  "-Xshare:dump",
                  "-XX:SharedClassListFile=" + classes,
                  "-XX:SharedArchiveFile=" + made,
                  "-cp",
                  JARS)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("output").toFile())
              .start();
      if (dump.waitFor() != 0) {
        return false;
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      server.process().destroyForcibly();
    }
    Files.move(made, archive);
    return true;
  }

  private static Stream<String> entries() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  private static boolean isJar(String entry) {
    return Files.isRegularFile(Path.of(entry));
  }

  private static Collector<CharSequence, ?, String> joined() {
    return Collectors.joining(File.pathSeparator);
  }
}
