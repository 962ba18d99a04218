package dev.userservice.kit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The programs of a test, which end with it. */
public final class JavaProcesses implements AfterEachCallback {

  private final List<JavaProcess> started = new ArrayList<>();

  /** As {@link JavaProcess#start}. */
  public JavaProcess start(
      Path folder, Map<String, String> env, List<String> jvm, String... command)
      throws IOException {
    JavaProcess program = JavaProcess.start(folder, env, jvm, command);
    started.add(program);
    return program;
  }

  @Override
  public void afterEach(ExtensionContext test) throws InterruptedException {
    for (JavaProcess program : started) {
      program.kill();
    }
  }
}
