package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.LogLines;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogLevelsTest {

  private static final String NAME = "dev.userservice.operations.LogLevelsTest";

  @AfterEach
  void unset() {
    LogLevels.unset(NAME);
    LogLevels.unset("root");
    for (int i = 0; i <= 100; i++) {
      LogLevels.unset(NAME + i);
    }
  }

  @Test
  void set_appliesToTheLoggersBelow_untilItIsUnset() {
    try (LogLines lines = LogLines.of(NAME)) {
      Logger below = Logger.getLogger(NAME + ".below");
      below.fine("not yet");
      LogLevels.set(NAME, "FINE");
      assertThat(LogLevels.all()).containsEntry(NAME, "FINE").doesNotContainKey(NAME + ".below");
      below.fine("now");
      LogLevels.set(NAME, "OFF");
      below.severe("nothing");
      LogLevels.unset(NAME);
      assertThat(LogLevels.all()).doesNotContainKey(NAME);
      below.fine("not any more");
      below.info("as always");

      assertThat(lines.messages()).containsExactly("now", "as always");
    }
  }

  @Test
  void unset_restoresTheConfiguredLevel() {
    try (LogLines ignored = LogLines.of(NAME)) {
      Logger configured = Logger.getLogger(NAME);
      configured.setLevel(Level.WARNING);
      LogLevels.set(NAME, "ALL");
      LogLevels.set(NAME, "FINEST");

      LogLevels.unset(NAME);
      assertThat(configured.getLevel()).isEqualTo(Level.WARNING);
      LogLevels.unset(NAME);
      assertThat(configured.getLevel()).as("unset twice").isEqualTo(Level.WARNING);
      configured.setLevel(null);
    }
  }

  @Test
  void set_isKept_forAnUnreferencedLogger() {
    LogLevels.set(NAME + "1", "FINE");
    System.gc();
    assertThat(Logger.getLogger(NAME + "1").getLevel()).isEqualTo(Level.FINE);
  }

  @Test
  void root_isInheritedByAll() {
    Level before = Logger.getLogger("").getLevel();
    assertThat(LogLevels.all()).containsEntry("root", before.getName());
    LogLevels.set("root", "SEVERE");
    assertThat(Logger.getLogger(NAME).isLoggable(Level.WARNING)).isFalse();
    LogLevels.unset("root");
    assertThat(Logger.getLogger("").getLevel()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"error, SEVERE", "WARN, WARNING", "' debug ', FINE", "Trace, FINEST", "off, OFF"})
  void set_acceptsTheSeveritiesOfJsonToo(String word, String level) {
    LogLevels.set(NAME, word);
    assertThat(LogLevels.all()).containsEntry(NAME, level);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "FIN", "800", "IN FO", "\u001b[2J"})
  void set_unknownLevel(String word) {
    assertThatThrownBy(() -> LogLevels.set(NAME, word))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "\"[ -~]*\" is not a level; must be one of OFF, SEVERE, .*, DEBUG, TRACE");
    assertThat(LogLevels.all()).doesNotContainKey(NAME);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "a..b", "a.", "a b", "a/b", "\u001b", "../x", "a\n"})
  void set_invalidName(String name) {
    for (Runnable call :
        new Runnable[] {() -> LogLevels.set(name, "INFO"), () -> LogLevels.unset(name)}) {
      assertThatThrownBy(call::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageMatching("\"[ -~]*\" is not the name of a logger; must be like .*");
    }
  }

  @Test
  void names_areBounded_inLengthAndNumber() {
    assertThatThrownBy(() -> LogLevels.set("x".repeat(201), "INFO"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("up to 200 characters");
    for (int i = 0; i < 100; i++) {
      LogLevels.set(NAME + i, "INFO");
    }
    assertThatThrownBy(() -> LogLevels.set(NAME + 100, "INFO"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the levels of 100 loggers are set");
    LogLevels.set(NAME + 99, "FINE");
    LogLevels.unset(NAME + 0);
    LogLevels.set(NAME + 100, "INFO");
    assertThat(LogLevels.all()).containsEntry(NAME + 100, "INFO").doesNotContainKey(NAME + 0);
  }
}
