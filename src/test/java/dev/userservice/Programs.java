package dev.userservice;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The programs of a test, which end with it. */
final class Programs implements AfterEachCallback {

  private final List<Program> started = new ArrayList<>();

  /** As {@link Program#start}. */
  Program start(Path folder, Map<String, String> env, List<String> jvm, String... command)
      throws IOException {
    Program program = Program.start(folder, env, jvm, command);
    started.add(program);
    return program;
  }

  @Override
  public void afterEach(ExtensionContext test) throws InterruptedException {
    for (Program program : started) {
      program.kill();
    }
  }
}
