package dev.userservice.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private String shown(boolean terminal) {
    Progress progress =
        new Progress(new PrintStream(shown, true, StandardCharsets.UTF_8), terminal);
    progress.start("get", 1, 4);
    progress.update("get", 0.5, 12);
    progress.update("get", 1, 24);
    progress.end();
    return shown.toString(StandardCharsets.UTF_8);
  }

  @Test
  void terminal_redrawsOneLine_andClearsIt() {
    assertThat(shown(true))
        .contains("\rget    [###############...............]  50 %  12 calls")
        .contains("\rget    [##############################] 100 %  24 calls")
        .doesNotContain("\n")
        .endsWith(" \r");
  }

  @Test
  void pipe_hasOneLinePerLoad() {
    assertThat(shown(false))
        .isEqualTo("get: 1 s to warm up, 4 s that count" + System.lineSeparator());
  }
}
