package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Demo;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Waits;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the client against a server that answers in hundreds of wrong ways. Each scenario ends with
 * one line, by the client's checks or its deadline.
 */
@Tag("slow")
class ForeignAnswersTest {

  private static final int AT_ONCE = 100;

  /** For answers that the client has to reject: longer than a busy machine needs. */
  private static final int LONG_MILLIS = 30_000;

  /** For answers that may leave the client waiting. */
  private static final int SHORT_MILLIS = 700;

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "list", "batch", "chat"})
  void answers_thatAreWrong_endTheCallWithOneLine(String scenario) throws IOException {
    List<WrongAnswer> answers = WrongAnswer.all();
    assertThat(answers).hasSizeGreaterThan(200);
    SoftAssertions softly = new SoftAssertions();
    try (LogLines log = LogLines.of("")) {
      for (int from = 0; from < answers.size(); from += AT_ONCE) {
        run(scenario, answers.subList(from, Math.min(answers.size(), from + AT_ONCE)), softly);
      }
      softly
          .assertThat(log.records())
          .filteredOn(line -> line.getLevel().intValue() >= Level.WARNING.intValue())
          .extracting(line -> line.getLoggerName() + ": " + line.getMessage())
          .isEmpty();
    }
    softly.assertAll();
  }

  private void run(String scenario, List<WrongAnswer> answers, SoftAssertions softly)
      throws IOException {
    byte[] body = WrongAnswer.body(scenario);
    List<WrongServer> servers = new ArrayList<>();
    List<Future<Demo>> demos = new ArrayList<>();
    for (WrongAnswer answer : answers) {
      WrongServer server =
          new WrongServer(stream -> answer.writes().of(stream, body), answer.after());
      servers.add(server);
      boolean mayWait = answer.says().equals(WrongAnswer.ANYTHING);
      demos.add(
          Demo.start(
              vertx,
              Demo.config(server.port(), scenario)
                  .put("deadlineMillis", mayWait ? SHORT_MILLIS : LONG_MILLIS)));
    }
    Future.join(demos).timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    for (int i = 0; i < demos.size(); i++) {
      check(scenario, answers.get(i), demos.get(i).result(), softly);
      servers.get(i).close();
    }
  }

  private static void check(String scenario, WrongAnswer answer, Demo demo, SoftAssertions softly) {
    String name = scenario + " answered with " + answer.name();
    if (demo.failure() != null) {
      softly
          .assertThat(demo.failure())
          .as(name)
          .startsWith("scenario 1 (" + scenario + ") failed: ")
          .hasLineCount(1)
          .doesNotContain("Exception", "null");
    }
    softly.assertThat(demo.shown()).as(name).endsWith("/1 scenarios passed\n");
    switch (answer.says()) {
      case WrongAnswer.ANYTHING -> {}
      case WrongAnswer.PASSES -> {
        if (!scenario.equals("chat")) {
          softly.assertThat(demo.failure()).as(name).isNull();
        }
      }
      default ->
          softly
              .assertThat(demo.failure())
              .as(name)
              .contains(answer.says())
              .doesNotContain("DEADLINE_EXCEEDED");
    }
  }
}
