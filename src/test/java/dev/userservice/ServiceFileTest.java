package dev.userservice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.JsonDocument;
import dev.userservice.config.Program;
import dev.userservice.config.ServerConfig;
import dev.userservice.launch.ExitCode;
import dev.userservice.launch.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds conf/user-service.service, for systemd, to what the program takes and does. */
class ServiceFileTest {

  private static final List<String> CONFIGURATIONS =
      List.of("conf/sqlite.json", "conf/postgres.json", "conf/secure.json");

  /** The files that are kept for all but connections, and those open before they are counted. */
  private static final int OTHER_FILES = 256 + 256;

  private static List<String> lines;

  @BeforeAll
  static void read() throws Exception {
    lines = Files.readAllLines(Path.of("conf/user-service.service"));
  }

  @Test
  void command() {
    String command = value("ExecStart");

    assertThat(command).startsWith("/usr/bin/java ").contains(" -jar ");
    String[] arguments = command.replaceFirst(".* -jar \\S+ ", "").split(" ");
    assertThat(Role.of(arguments[0])).isEqualTo(Role.SERVER);
    assertThat(arguments).hasSize(3).contains("--conf", "/etc/user-service/server.json");
  }

  @Test
  void environment_isOfKeysThatThereAre() {
    String[] variable = value("Environment").split("=", 2);

    assertThat(
            ServerConfig.from(
                    Program.SERVER
                        .load(
                            "conf/sqlite.json",
                            Map.of(variable[0], variable[1]),
                            new Properties(),
                            warning -> {})
                        .json())
                .store()
                .sqlite()
                .file())
        .isEqualTo("%S/" + value("StateDirectory") + "/users.db");
  }

  @Test
  void limits_areAboveThoseOfEachConfiguration() {
    for (String file : CONFIGURATIONS) {
      ServerConfig config = ServerConfig.from(JsonDocument.parse("--conf", file));
      assertThat(Integer.parseInt(value("LimitNOFILE")))
          .as(file)
          .isGreaterThan(config.limits().connections() + OTHER_FILES);
      assertThat(1_000 * Integer.parseInt(value("TimeoutStopSec")))
          .as(file)
          .isGreaterThan(config.drainDelayMillis() + config.drainTimeoutMillis());
    }
  }

  @Test
  void failures_thatAnotherStartDoesNotMend() {
    assertThat(value("Restart")).isEqualTo("on-failure");
    assertThat(Stream.of(value("RestartPreventExitStatus").split(" ")).map(Integer::valueOf))
        .containsExactly(ExitCode.USAGE, ExitCode.CONFIGURATION, ExitCode.STORE);
  }

  private static String value(String key) {
    return lines.stream()
        .filter(line -> line.startsWith(key + "="))
        .map(line -> line.substring(key.length() + 1))
        .findFirst()
        .orElseThrow();
  }
}
