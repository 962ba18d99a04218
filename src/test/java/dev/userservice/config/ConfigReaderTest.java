package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {

  @Test
  void key_withADot_isNotTakenForAPath() {
    assertRefused(
        "{\"limits.batchUsers\":5}",
        "key \"limits.batchUsers\" has a dot in it, but must be \"batchUsers\" in the object \"limits\"");
    assertRefused(
        "{\"limits\":{\"x.y\":5},\"port\":1}",
        "unknown key \"limits.x.y\"; --print-config without --conf lists all keys");
  }

  @Test
  void key_withControlAndFormatCharacters_staysOnOneLine() {
    assertRefused(
        "{\"a\\nb\\u001b[2J\\u009b\\u2028\\u202e\":1}",
        "unknown key \"a\\nb\\u001B[2J\\u009b\\u2028\\u202e\"; --print-config ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"%s\":1}",
        "{\"port\":\"%s\"}",
        "{\"host\":[\"%s\"]}",
        "{\"limits\":{\"%s\":1}}"
      })
  void message_aboutLongText_isShort(String json) {
    JsonObject config = new JsonObject(json.formatted("x".repeat(10_000)));

    assertThatThrownBy(() -> ServerConfig.from(config))
        .isInstanceOf(ConfigException.class)
        .message()
        .hasSizeLessThan(160)
        .contains("xxx...");
  }

  @Test
  void errors_areToldAtOnce_inTheOrderOfReading() {
    Properties properties = new Properties();
    properties.setProperty("user-service.limits.chatQueue", "0");
    String json =
        """
        {"store": "memory", "limits": {"batchUsers": 0, "colour": 1}, "host": "", "prot": 1,
         "auth": {"rights": 1}, "tls": {"keyFile": "k"}}
        """;

    assertThatThrownBy(
            () ->
                Program.SERVER.load(
                    json, Map.of("USER_SERVICE_PROT", "1"), properties, warning -> {}))
        .isInstanceOf(ConfigException.class)
        .message()
        .satisfies(
            message ->
                assertThat(message.lines().map(line -> line.replaceFirst(",? but must .*", "")))
                    .containsExactly(
                        "unknown environment variable USER_SERVICE_PROT; did you mean USER_SERVICE_PORT?",
                        "--conf text: \"host\" is \"\"",
                        "--conf text: \"auth.rights\" is 1",
                        "--conf text: \"store\" is \"memory\"",
                        "--conf text: \"limits.batchUsers\" is 0",
                        "-Duser-service.limits.chatQueue: \"limits.chatQueue\" is 0",
                        "--conf text: unknown key \"limits.colour\"; --print-config without --conf lists all keys",
                        "--conf text: unknown key \"prot\"; did you mean \"port\"?"));
  }

  @Test
  void rulesBetweenKeys_areCheckedWhenEachKeyIsValid() {
    assertThatThrownBy(
            () ->
                ServerConfig.from(
                    new JsonObject("{\"host\":\"0.0.0.0\",\"tls\":{\"keyFile\":\"k\"}}")))
        .message()
        .satisfies(
            message ->
                assertThat(message.lines())
                    .hasSize(2)
                    .anyMatch(line -> line.contains("\"tls.certificateFile\" is needed"))
                    .anyMatch(line -> line.contains("\"host\" is refused")));
    assertThatThrownBy(
            () ->
                ServerConfig.from(
                    new JsonObject("{\"tls\":{\"certificatFile\":\"c\",\"keyFile\":\"k\"}}")))
        .hasMessage(
            "configuration: unknown key \"tls.certificatFile\"; did you mean \"tls.certificateFile\"?");
  }

  private static void assertRefused(String json, String why) {
    assertThatThrownBy(() -> ServerConfig.from(new JsonObject(json)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("configuration: " + why);
  }
}
