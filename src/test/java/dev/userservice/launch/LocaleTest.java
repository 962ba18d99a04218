package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.JavaProcesses;
import dev.userservice.kit.StoreConfigs;
import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The program on machines whose language has other letters and digits. */
@Tag("slow")
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
class LocaleTest {

  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();
  @TempDir private Path folder;

  @Test
  void turkish_aClusterStarts() throws Exception {
    JsonObject config = ClusterNode.cluster().put("port", 0);

    JavaProcess server =
        programs.start(
            folder,
            Map.of("OTEL_TRACES_EXPORTER", "otlp", "OTEL_TRACES_SAMPLER", "always"),
            List.of("-Duser.language=tr", "-Duser.country=TR"),
            "--cluster",
            "--conf",
            config.encode());

    assertThat(server.exitCode())
        .as("OTEL_TRACES_SAMPLER is read")
        .isEqualTo(ExitCode.CONFIGURATION);
    assertThat(server.errors()).contains("otel.traces.sampler: always");
    assertThat(
            programs
                .start(
                    folder,
                    Map.of(),
                    List.of("-Duser.language=tr", "-Duser.country=TR"),
                    "--cluster",
                    "--conf",
                    config.encode())
                .port())
        .isPositive();
  }

  /** LC_ALL=C, as in many containers: no file can have a name outside of ASCII. */
  @Test
  void ascii_namesOfFilesOutsideOfItAreRefused() throws Exception {
    String name = folder.resolve("d\u00e4t\u00e4/users.db").toString();
    JsonObject sqlite = StoreConfigs.of("sqlite", new JsonObject().put("file", name));
    assertRefused("store.sqlite.file", sqlite);
    JsonObject tls = new JsonObject().put("certificateFile", name).put("keyFile", name);
    assertRefused("tls.certificateFile", new JsonObject().put("port", 0).put("tls", tls));
    JsonObject postgres = StoreConfigs.of("postgres", new JsonObject().put("passwordFile", name));
    assertRefused("store.postgres.passwordFile", postgres);

    try (var files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .as("no other name in its place")
          .allMatch(file -> file.startsWith("stderr") || file.equals("conf.json"));
    }
  }

  private void assertRefused(String key, JsonObject config) throws Exception {
    Path file = Files.writeString(folder.resolve("conf.json"), config.encode());
    JavaProcess server =
        programs.start(folder, Map.of("LC_ALL", "C"), List.of(), "--conf", file.toString());
    assertThat(server.exitCode()).as(server.errors()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(server.errors()).contains("\"%s\" is ".formatted(key));
    assertThat(server.errors().lines())
        .isNotEmpty()
        .allMatch(line -> line.endsWith("start it with LC_ALL=C.UTF-8"));
  }

  @Test
  void arabic_numbersHaveAsciiDigits() throws Exception {
    JavaProcess server =
        programs.start(
            folder,
            Map.of(),
            List.of("-Duser.language=ar", "-Duser.country=EG"),
            "--conf",
            "{\"port\":70000}");

    assertThat(server.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(server.errors()).contains("65535").isPrintable();
    assertThat(server.errors().chars()).allMatch(c -> c < 128);
  }
}
