package dev.userservice.kit;

import dev.userservice.Main;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An archive of the classes that a server loads, for the JVMs of the tests: hundreds, each of which
 * would else take two seconds of processor time more to start. The first that needs it makes it,
 * for all JVMs of the build.
 */
final class ClassArchive {

  private static final Path FOLDER = Path.of("target", "class-archive");

  private static ClassArchive one;

  /** An archive is of jars alone, and a class path that uses it has to begin with them. */
  private final String jars;

  private final String classPath;
  private List<String> options = List.of();

  private ClassArchive() throws IOException {
    Files.createDirectories(FOLDER);
    Path classes = classes();
    try (FileChannel file =
            FileChannel.open(
                FOLDER.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.lock()) {
      List<String> entries =
          List.of(System.getProperty("java.class.path").split(File.pathSeparator));
      List<String> others = entries.stream().filter(ClassArchive::isJar).toList();
      String name = name(others, classes);
      Path own = FOLDER.toAbsolutePath().resolve(name + ".jar");
      if (!Files.exists(own)) {
        makeJar(own, classes);
      }
      jars = joined(Stream.concat(Stream.of(own.toString()), others.stream()));
      Stream<String> folders = entries.stream().filter(entry -> !isJar(entry));
      classPath = joined(Stream.concat(Stream.of(jars), folders));
      Path archive = own.resolveSibling(name + ".jsa");
      if (Files.exists(archive) || make(archive)) {
        options =
            List.of(
                "-XX:SharedArchiveFile=" + archive,
                // Elsewhere in memory than planned, a start takes an eighth of a second more.
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:ArchiveRelocationMode=0");
      }
    }
  }

  static synchronized ClassArchive get() throws IOException {
    if (one == null) {
      one = new ClassArchive();
    }
    return one;
  }

  /** That of a server, which it needs to use the archive. */
  String classPath() {
    return classPath;
  }

  /** The options of a JVM that uses it; none where this JDK cannot make one. */
  List<String> options() {
    return options;
  }

  /** Of another JDK, or of classes that have changed, it would be of no use. */
  private static String name(List<String> jars, Path classes) throws IOException {
    try (Stream<Path> files = Files.walk(classes)) {
      String of =
          Stream.concat(jars.stream().map(Path::of), files)
              .map(Path::toFile)
              .map(file -> file + " " + file.length() + " " + file.lastModified())
              .sorted()
              .collect(Collectors.joining("\n", Runtime.version() + "\n", ""));
      return Integer.toHexString(of.hashCode());
    }
  }

  /** The folder of the classes of the service, wherever they were compiled to. */
  private static Path classes() {
    try {
      return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of the classes of the service, which the build puts into a jar only after the tests. */
  private static void makeJar(Path jar, Path classes) throws IOException {
    Path made = Files.createTempFile(FOLDER, "made", ".jar");
    int code =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--create",
                "--no-compress",
                "--file=" + made,
                "-C",
                classes.toString(),
                ".");
    if (code != 0) {
      throw new IOException("no jar of " + classes);
    }
    Files.move(made, jar);
  }

  /** Notes the classes of a server that has all parts, and makes the archive of them. */
  private boolean make(Path archive) throws IOException {
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
            classPath,
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
                  jars)
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

  private static boolean isJar(String entry) {
    return Files.isRegularFile(Path.of(entry));
  }

  private static String joined(Stream<String> entries) {
    return entries.collect(Collectors.joining(File.pathSeparator));
  }
}
