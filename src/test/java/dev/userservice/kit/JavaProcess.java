package dev.userservice.kit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The program in a JVM of its own; its starter has to {@link #kill} it. */
public record JavaProcess(Process process, BufferedReader stdout, Path stderr) {

  static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

  /**
   * @param folder for what it writes to stderr
   * @param command the arguments of {@link Main}
   */
  public static JavaProcess start(
      Path folder, Map<String, String> env, List<String> jvm, String... command)
      throws IOException {
    return start(List.of(), ClassArchive.get().classPath(), folder, env, quickStart(jvm), command);
  }

  /**
   * The collector for large heaps takes a seventh of the time of a start, and reading classes from
   * jars a third. A test that chooses a collector measures memory, and gets it unchanged.
   */
  private static List<String> quickStart(List<String> jvm) throws IOException {
    if (jvm.stream().anyMatch(option -> option.endsWith("GC"))) {
      return jvm;
    }
    List<String> options = new ArrayList<>(ClassArchive.get().options());
    options.add("-XX:+UseSerialGC");
    options.addAll(jvm);
    return options;
  }

  static JavaProcess start(
      List<String> shell,
      String classPath,
      Path folder,
      Map<String, String> env,
      List<String> jvm,
      String... command)
      throws IOException {
    List<String> line = new ArrayList<>(shell);
    line.add(JAVA);
    // The compiler for programs that run long would take half of the time of their start.
    line.add("-XX:TieredStopAtLevel=1");
    line.addAll(jvm);
    line.addAll(List.of("-cp", classPath, "dev.userservice.Main"));
    line.addAll(List.of(command));
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().putAll(env);
    Path errors = Files.createTempFile(folder, "stderr", "");
    Process process = builder.redirectError(errors.toFile()).start();
    return new JavaProcess(process, process.inputReader(), errors);
  }

  /** The same with a limit of open files. */
  public static JavaProcess startWithFiles(int files, Path folder, String... command)
      throws IOException {
    return start(
        List.of("sh", "-c", "ulimit -n " + files + " && exec \"$@\"", "sh"),
        ClassArchive.get().classPath(),
        folder,
        Map.of(),
        quickStart(List.of()),
        command);
  }

  /** The port, once the server says that it is ready. */
  public int port() throws IOException {
    return port(startLines());
  }

  public static int port(List<String> startLines) {
    assertThat(startLines).endsWith("Server is ready to accept requests...");
    return startLines.stream()
        .filter(line -> line.startsWith("gRPC Server started on port "))
        .map(line -> Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow();
  }

  /** The lines of a server on stdout when it has started; the last says whether it is ready. */
  public List<String> startLines() throws IOException {
    List<String> lines = new ArrayList<>();
    do {
      String line = stdout.readLine();
      assertThat(line).as(() -> errors()).isNotNull();
      lines.add(line);
    } while (!lines.get(lines.size() - 1).startsWith("Server "));
    assertThat(lines).hasSizeLessThanOrEqualTo(5);
    return lines;
  }

  public int exitCode() throws InterruptedException {
    assertThat(process.waitFor(Waits.SECONDS, TimeUnit.SECONDS)).as("ends by itself").isTrue();
    return process.exitValue();
  }

  /** As kill -9 does; returns when it has ended. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor(Waits.SECONDS, TimeUnit.SECONDS);
  }

  /**
   * @param name of a signal, such as TERM
   */
  public void signal(String name) throws IOException, InterruptedException {
    String[] command = {"kill", "-" + name, Long.toString(process.pid())};
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  public String output() {
    return String.join("\n", stdout.lines().toList());
  }

  /** Waits until something is written to stderr, behind so many bytes, that has this in it. */
  public void awaitErrors(long after, String text) throws Exception {
    Process tail =
        new ProcessBuilder("tail", "-c", "+" + (after + 1), "-f", stderr.toString()).start();
    try {
      CompletableFuture<Boolean> said =
          CompletableFuture.supplyAsync(
              () -> tail.inputReader().lines().anyMatch(line -> line.contains(text)));
      assertThat(said.get(Waits.SECONDS, TimeUnit.SECONDS)).as(text).isTrue();
    } finally {
      tail.destroy();
    }
  }

  public String errors() {
    try {
      return Files.readString(stderr).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
