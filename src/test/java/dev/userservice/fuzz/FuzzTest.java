package dev.userservice.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends what no client would, and looks whether the server and its other callers notice. A failure
 * names the seed of its scenario, which {@link Fuzz#main} replays alone; it also runs for an hour.
 */
class FuzzTest {

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
}
