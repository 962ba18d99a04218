package dev.userservice.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs a program to its end. */
final class Tool {

  private Tool() {}

  /** Returns its output; fails when it does not end well, or not in time. */
  static String run(List<String> command, long timeoutSeconds) throws Exception {
    return run(command, timeoutSeconds, started -> {});
  }

  static String run(List<String> command, long timeoutSeconds, Consumer<Process> started)
      throws Exception {
    Path output = Files.createTempFile("output", "");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    Thread stop = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(stop);
    try {
      started.accept(process);
      boolean ended = process.waitFor(timeoutSeconds, TimeUnit.SECONDS);
      String said = Files.readString(output);
      if (!ended || process.exitValue() != 0) {
        String end = ended ? "exit code " + process.exitValue() : "not over in time";
        throw new IOException(command.get(0) + ": " + end + ": " + lastLine(said));
      }
      return said;
    } finally {
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      Runtime.getRuntime().removeShutdownHook(stop);
      Files.delete(output);
    }
  }

  private static String lastLine(String text) {
    List<String> lines = text.strip().lines().toList();
    return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
  }
}
