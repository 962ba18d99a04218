package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonDocumentTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n"})
  void argument_thatIsBlank(String argument) {
    assertThatThrownBy(() -> JsonDocument.parse("--conf", argument))
        .isInstanceOf(ConfigException.class)
        .hasMessage("--conf is empty, but must be a JSON file or a JSON text");
  }

  @Test
  void argument_thatIsNoPath_staysOnOneLine() {
    assertThatThrownBy(() -> JsonDocument.parse("--conf", "a\n\0b"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "a\\u000a\\u0000b: cannot be the name of a file: it has a NUL character");
  }

  @Test
  void file_whereThePathNeedsAFolder() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "{}");

    assertThatThrownBy(() -> JsonDocument.parse("--conf", file.resolve("server.json").toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file.resolve("server.json") + ": cannot be read, Not a directory");
  }

  @Test
  void text_withAControlCharacterInADuplicateKey_staysOnOneLine() {
    assertThatThrownBy(() -> JsonDocument.parse("--conf", "{\"\\u001b[2J\":1,\"\\u001b[2J\":2}"))
        .isInstanceOf(ConfigException.class)
        .message()
        .contains("Duplicate field '\\u001b[2J'");
  }

  @ParameterizedTest
  @ValueSource(ints = {21, 1_000, 100_000})
  void text_nestedTooDeep(int depth) {
    assertThatThrownBy(
            () -> JsonDocument.parse("--conf", "{\"a\":".repeat(depth) + "1" + "}".repeat(depth)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--conf text: is nested more than 20 deep");
  }

  @Test
  void text_withANumberOfManyDigits() {
    assertThatThrownBy(() -> JsonDocument.parse("--conf", "{\"port\":" + "1".repeat(2_000) + "}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("a number of more than a thousand digits");
  }

  @Test
  void text_afterBlanks() {
    assertThat(JsonDocument.parse("--conf", " \n{\"port\":1}").getInteger("port")).isEqualTo(1);
  }
}
