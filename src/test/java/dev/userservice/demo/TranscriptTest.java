package dev.userservice.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.console.Terminal;
import dev.userservice.proto.UserResponse;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The output on a terminal and elsewhere. */
class TranscriptTest {

  @Test
  void colour_onlyOnATerminalThatPermitsIt() {
    assertThat(Terminal.wantsColour(Map.of("TERM", "xterm"), true)).isTrue();
    assertThat(Terminal.wantsColour(Map.of("NO_COLOR", ""), true)).as("empty is unset").isTrue();
    assertThat(Terminal.wantsColour(Map.of("TERM", "xterm"), false)).isFalse();
    assertThat(Terminal.wantsColour(Map.of("NO_COLOR", "1"), true)).isFalse();
    assertThat(Terminal.wantsColour(Map.of("TERM", "dumb"), true)).isFalse();
  }

  @Test
  void notATerminal_hasNoColourCodes() {
    assertThat(Terminal.isInteractive()).as("a build has no terminal").isFalse();
    Consumer<Transcript> all =
        transcript -> {
          transcript.headline("1. GetUser, unary");
          transcript.passed(1, List.of());
          transcript.failed(1, "why");
          transcript.summary(1, 2);
        };

    assertThat(shown(StandardCharsets.UTF_8, false, all)).doesNotContain("\u001b");
    assertThat(shown(StandardCharsets.UTF_8, true, all))
        .contains("\u001b[32mpassed\u001b[0m", "\u001b[31mfailed\u001b[0m");
  }

  @Test
  void controlCharacters_areEscaped() {
    String evil = "\u001b[2J\r\u0007\u009b1m\u202eabc\u2028\n<- fake";

    String shown =
        shown(
            StandardCharsets.UTF_8,
            false,
            transcript -> {
              transcript.received(UserResponse.newBuilder().setName(evil).build());
              transcript.failed(1, evil);
            });

    assertThat(shown.replace(System.lineSeparator(), ""))
        .doesNotContainPattern("[\\p{Cc}\\p{Cf}\\u2028]")
        .contains("\\u001b[2J\\u000d\\u0007\\u009b1m\\u202eabc\\u2028\\u000a<- fake");
  }

  @Test
  void charactersThatTheTerminalLacks_areEscapedAsInJson() {
    Consumer<Transcript> name =
        transcript ->
            transcript.received(UserResponse.newBuilder().setName("Zoë \ud83d\ude00").build());

    assertThat(shown(StandardCharsets.UTF_8, false, name)).contains("Zoë \ud83d\ude00");
    assertThat(shown(StandardCharsets.ISO_8859_1, false, name)).contains("Zoë \\ud83d\\ude00");
    assertThat(shown(StandardCharsets.US_ASCII, false, name)).contains("Zo\\u00eb \\ud83d\\ude00");
  }

  @Test
  void longText_isCut() {
    String shown =
        shown(
            StandardCharsets.UTF_8, false, transcript -> transcript.failed(1, "x".repeat(100_000)));

    assertThat(shown).hasSizeLessThan(1_100).contains("x... and 99000 characters more");
  }

  private static String shown(Charset charset, boolean colour, Consumer<Transcript> what) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    what.accept(new Transcript(new PrintStream(bytes, true, charset), charset, colour));
    return bytes.toString(charset);
  }
}
