package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.FreePorts;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JavaProcesses;
import dev.userservice.kit.RaftConfigs;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Signals at moments spread over a start, from the first that the program can handle. A moment is a
 * number of loaded classes, which, unlike a time, is similar on all machines.
 */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine blocks forever
@Tag("slow")
class StartSignalTest {

  /** The first class loaded after the signal handling is installed. */
  private static final String FIRST = "dev.userservice.launch.Launcher source:";

  private static final int MOMENTS = 5;

  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();
  @TempDir private Path folder;

  @Test
  void server_withTlsAndAFile() throws Exception {
    Certificate own = Certificate.make(folder, "server");
    JsonObject tls =
        new JsonObject()
            .put("certificateFile", own.certificate().toString())
            .put("keyFile", own.key().toString());

    assertStops(ExitCode.OK, "", "--conf", StoreConfigs.sqlite(folder).put("tls", tls).encode());
  }

  @Test
  void server_thatWaitsForPostgres() throws Exception {
    JsonObject config = StoreConfigs.of("postgres", new JsonObject().put("port", 1));
    config.getJsonObject("store").put("startTimeoutMillis", 0);

    assertStops(ExitCode.OK, "", "--conf", config.encode());
  }

  @Test
  void server_thatWaitsForOthers() throws Exception {
    JsonObject config = ClusterNode.cluster().put("port", 0);
    config.put(
        "store", RaftConfigs.store(RaftConfigs.servers(3), folder).put("startTimeoutMillis", 0));

    assertStops(ExitCode.OK, "", "--cluster", "--conf", config.encode());
  }

  @Test
  void client_thatWaitsForAServer() throws Exception {
    assertStops(
        ExitCode.SCENARIO,
        "user-service: interrupted before all scenarios had passed",
        "ClientVerticle",
        "--conf",
        "{\"addresses\":[\"127.0.0.1:" + FreePorts.one() + "\"],\"waitMillis\":60000}");
  }

  /** Asserts the exit code, and that stderr has only these lines and the log. */
  private void assertStops(int exitCode, String errors, String... command) throws Exception {
    int classes = stop(Integer.MAX_VALUE, "TERM", exitCode, errors, command);
    assertThat(classes).isPositive();
    for (int moment = 0; moment < MOMENTS; moment++) {
      List<String> signals = MainTest.signals();
      String signal = signals.get(moment % signals.size());
      stop(classes * moment / MOMENTS, signal, exitCode, errors, command);
    }
  }

  /**
   * Sends the signal after the given number of classes, or earlier when the program waits or
   * serves.
   *
   * @return the number of classes loaded before the signal
   */
  private int stop(int classes, String signal, int exitCode, String errors, String... command)
      throws Exception {
    JavaProcess program =
        programs.start(folder, Map.of(), List.of("-Xlog:class+load:stdout:none"), command);
    int loaded = 0;
    for (String line = await(program, FIRST); loaded < classes; line = read(program)) {
      if (line.startsWith("Server ") || line.startsWith("Waiting ")) {
        break;
      }
      loaded++;
    }
    program.signal(signal);
    // Read to the end: a full pipe would block the program.
    program.output();
    assertThat(program.exitCode())
        .as("%s after %d classes: %s", signal, loaded, program.errors())
        .isEqualTo(exitCode);
    assertThat(program.errors().lines().filter(line -> !line.startsWith("{")))
        .as("after %d classes", loaded)
        .containsExactlyElementsOf(errors.lines().toList());
    return loaded;
  }

  private static String await(JavaProcess program, String start) throws IOException {
    String line = read(program);
    while (!line.startsWith(start)) {
      line = read(program);
    }
    return line;
  }

  private static String read(JavaProcess program) throws IOException {
    String line = program.stdout().readLine();
    assertThat(line).as(program::errors).isNotNull();
    return line;
  }
}
