package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
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

  private static void assertRefused(String json, String why) {
    assertThatThrownBy(() -> ServerConfig.from(new JsonObject(json)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("configuration: " + why);
  }
}
