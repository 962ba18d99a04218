package dev.userservice.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StatusLineTest {

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private StatusLine line(boolean terminal) {
    return new StatusLine(new PrintStream(shown, true, StandardCharsets.UTF_8), terminal);
  }

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  @Test
  void terminal_oneLineThatIsRedrawnAndCleared() {
    StatusLine line = line(true);
    line.plain("not on a terminal");
    line.redraw("x".repeat(200));
    line.redraw("sho\u001bt");
    line.end();
    line.redraw("late");
    line.end();

    assertThat(shown())
        .isEqualTo(
            "\r"
                + "x".repeat(76)
                + "...\r\rsho?t"
                + " ".repeat(74)
                + "\r\r"
                + " ".repeat(79)
                + "\r");
  }

  @Test
  void elsewhere_onlyPlainLines() {
    StatusLine line = line(false);
    line.redraw("only on a terminal");
    line.plain("plain");
    line.clear();
    line.end();

    assertThat(shown()).isEqualTo("plain" + System.lineSeparator());
  }
}
