package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.ExhaustedVerticle;
import dev.userservice.kit.ExhaustedVerticle.Way;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JavaProcesses;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that ends itself because it cannot serve, and processes that must not. */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
@Tag("slow")
class WatchdogTest {

  private static final String ARRAY =
      "user-service: out of memory (Requested array size exceeds VM limit); the process ends with"
          + " exit code 70";

  /** With a message of the JVM or, when nothing reports the error, our own. */
  private static final String HEAP =
      "user-service: out of memory \\(Java heap space.*\\); the process ends with exit code 70";

  /** Vert.x warns of pauses for garbage collection on a slow machine. */
  private static final Predicate<String> NO_PAUSE = line -> !line.contains("BlockedThreadChecker");

  @TempDir private Path folder;
  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();

  @ParameterizedTest
  @EnumSource(
      names = {
        "START",
        "EVENT_LOOP",
        "NETTY_TASK",
        "WORKER",
        "THREAD",
        "LOGGED_CAUSE",
        "CONNECTION"
      })
  void outOfMemory_whereverItEnds(Way way) throws Exception {
    assertThat(ended(start(way, List.of()))).isEqualTo(ARRAY);
  }

  @ParameterizedTest
  @EnumSource(names = {"EXHAUSTED", "FAILED_FUTURE", "HIDDEN"})
  void outOfMemory_reportedOrNot(Way way) throws Exception {
    assertThat(ended(start(way, List.of())).lines().filter(NO_PAUSE))
        .singleElement()
        .asString()
        .matches(HEAP);
  }

  @Test
  void outOfMemory_withoutALog() throws Exception {
    assertThat(ended(start(Way.EVENT_LOOP, logging(".level=OFF\n")))).isEqualTo(ARRAY);
  }

  @Test
  void outOfMemory_withALogOfTheOperator() throws Exception {
    // Without the launcher, which may have logged that it started before the memory is used up.
    String console =
        "handlers=java.util.logging.ConsoleHandler\n.level=INFO\nio.vertx.launcher.level=WARNING\n";
    assertThat(ended(start(Way.LOGGED_CAUSE, logging(console)))).isEqualTo(ARRAY);
  }

  @Test
  void directMemory_isMemory() throws Exception {
    assertThat(ended(start(Way.DIRECT_MEMORY, List.of("-XX:MaxDirectMemorySize=8m"))))
        .matches("user-service: out of memory \\(.*direct buffer memory.*\\); the process ends .*");
  }

  @ParameterizedTest
  @CsvSource({"LOOP_ENDS,\\d+", "ACCEPTOR_ENDS,acceptor 1"})
  void eventLoop_thatEnds(Way way, String loop) throws Exception {
    assertThat(ended(start(way, List.of())))
        .matches(
            "user-service: the thread of an event loop ended \\("
                + loop
                + "\\); the process ends with exit code 70");
  }

  @Test
  void eventLoops_ofAVertxThatIsClosed() throws Exception {
    JavaProcess program = start(Way.VERTX_CLOSES, List.of());
    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(program.errors()).isEmpty();
  }

  @Test
  void stackOverflow_endsNothing() throws Exception {
    JavaProcess program = start(Way.STACK_OVERFLOW, List.of());
    assertStops(program);
    assertThat(program.errors())
        .contains("java.lang.StackOverflowError")
        .doesNotContain("user-service");
  }

  @Test
  void heap_thatIsNearlyFull() throws Exception {
    JavaProcess program = start(Way.NEARLY_FULL, List.of());
    assertStops(program);
    assertThat(program.errors().lines().filter(NO_PAUSE)).isEmpty();
  }

  private JavaProcess start(Way way, List<String> options) throws Exception {
    List<String> jvm = new ArrayList<>(List.of("-Xmx64m"));
    jvm.addAll(options);
    return programs.start(
        folder,
        Map.of(),
        jvm,
        ExhaustedVerticle.class.getName(),
        "--conf",
        "{\"way\":\"" + way + "\"}");
  }

  private List<String> logging(String configuration) throws Exception {
    Path file = Files.writeString(folder.resolve("logging.properties"), configuration);
    return List.of("-Djava.util.logging.config.file=" + file);
  }

  /** The only output of a program that ended itself. */
  private static String ended(JavaProcess program) throws Exception {
    assertThat(program.exitCode()).as(program::errors).isEqualTo(ExitCode.LAST_RESORT);
    return program.errors();
  }

  /** It goes on, and then stops in good order. */
  private static void assertStops(JavaProcess program) throws Exception {
    assertThat(program.stdout().readLine()).isEqualTo("started");
    assertThat(program.stdout().readLine()).as(program::errors).isEqualTo("alive");
    program.process().toHandle().destroy();
    assertThat(program.exitCode()).isEqualTo(ExitCode.OK);
  }
}
