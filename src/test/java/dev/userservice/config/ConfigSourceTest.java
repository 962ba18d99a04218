package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigSourceTest {

  @ParameterizedTest
  @CsvSource({
    "USER_SERVICE_HEADLESS_SERVICE_HOST, 10.0.0.1",
    "USER_SERVICE_HEADLESS_SERVICE_PORT, 50051",
    "USER_SERVICE_HEADLESS_SERVICE_PORT_GRPC, 50051",
    "USER_SERVICE_HEADLESS_PORT, tcp://10.0.0.1:50051",
    "USER_SERVICE_HEADLESS_PORT_50051_TCP_PROTO, tcp"
  })
  void environment_ofASiblingServiceInKubernetes_isNotOurs(String name, String value) {
    assertThat(
            Program.SERVER.load(null, Map.of(name, value), new Properties(), warning -> {}).json())
        .isEqualTo(new JsonObject());
  }

  @ParameterizedTest
  @CsvSource({"USER_SERVICE_SERVICE_HOTS", "USER_SERVICE_PORT_X_TCP", "USER_SERVICE_HEADLESS_PORT"})
  void environment_thatOnlyLooksLikeKubernetes_isRefused(String name) {
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load(null, Map.of(name, "1"), new Properties(), warning -> {})
                    .json())
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("unknown environment variable " + name);
  }

  @Test
  void nameOfAnEarlierVersion_isRefusedWithTheNewOne() {
    Properties properties = new Properties();
    properties.setProperty("user-service.auth.openHealth", "true");

    assertThatThrownBy(() -> Program.SERVER.load(null, Map.of(), properties, warning -> {}))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "unknown property -Duser-service.auth.openHealth, renamed to -Duser-service.auth.publicHealth");
    assertThatThrownBy(
            () ->
                Program.SERVER.load(
                    null,
                    Map.of("USER_SERVICE_LIMITS_STRANGER_MILLIS", "1"),
                    new Properties(),
                    warning -> {}))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "unknown environment variable USER_SERVICE_LIMITS_STRANGER_MILLIS, renamed to USER_SERVICE_LIMITS_UNAUTHENTICATED_MILLIS");
  }

  @Test
  void programOfAnEarlierVersion_isRefusedWithTheNewName() {
    Properties properties = new Properties();
    properties.setProperty("user-bench.inFlight", "1");

    assertThatThrownBy(
            () ->
                Program.LOAD.load(
                    null, Map.of("USER_BENCH_IN_FLIGHT", "1"), properties, warning -> {}))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "unknown environment variable USER_BENCH_IN_FLIGHT, renamed to USER_LOAD_IN_FLIGHT")
        .hasMessageContaining(
            "unknown property -Duser-bench.inFlight, renamed to -Duser-load.inFlight");
  }
}
