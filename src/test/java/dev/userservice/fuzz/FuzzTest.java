package dev.userservice.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends what no client would, and looks whether the server and its other callers notice. A failure
 * names the seed of its scenario: {@code -Dtest=FuzzTest#replay -Dfuzz.scenario=SEED} plays that
 * one alone, and {@code -Dtest=FuzzTest#byHand -Dfuzz.minutes=60} goes on for an hour.
 */
class FuzzTest {

  private static final String MINUTES = "fuzz.minutes";
  private static final String SCENARIO = "fuzz.scenario";

  @TempDir private Path folder;

  @Test
  void serverAndOtherCallers_noticeNothing() throws Exception {
    long seedOfTheDay = System.currentTimeMillis() / TimeUnit.DAYS.toMillis(1);
    System.out.println("The fuzz of today has seed " + seedOfTheDay);
    try (FuzzRun run = new FuzzRun(folder, new JsonObject())) {
      run.play(1, 6);
      run.play(seedOfTheDay, 6);
      run.checkLeaks();

      assertThat(run.findings()).isEmpty();
    }
  }

  @Test
  @EnabledIfSystemProperty(named = SCENARIO, matches = "-?\\d+")
  void replay() throws Exception {
    try (FuzzRun run = new FuzzRun(folder, new JsonObject())) {
      run.replay(Long.getLong(SCENARIO));

      assertThat(run.findings()).isEmpty();
    }
  }

  @Test
  @EnabledIfSystemProperty(named = MINUTES, matches = "\\d+")
  void byHand() throws Exception {
    assertThat(Fuzz.byHand(Integer.getInteger(MINUTES), folder, new JsonObject())).isEmpty();
  }
}
