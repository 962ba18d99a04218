package dev.userservice.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends bytes that no client would; the server and its other callers must not be affected. A
 * failure names the seed of its scenario, which {@link Fuzz#main} replays alone; that can also run
 * for an hour.
 */
@Timeout(Waits.TEST_SECONDS)
@Tag("slow")
class FuzzTest {

  /**
   * Seeds that have found faults. A write to a full channel was sent before it returned, which kept
   * the event loop in Netty's flow control for ever. Frames that the codec wrote while a lost
   * connection was closed were never released.
   */
  private static final long[] FOUND = {4_052_398_929_296_708_685L, 1_231_061_692_312_736_297L};

  @TempDir private Path folder;

  @Test
  void serverAndOtherCallers_areNotAffected() throws Exception {
    long seedOfTheDay = System.currentTimeMillis() / TimeUnit.DAYS.toMillis(1);
    System.out.println("The fuzz of today has seed " + seedOfTheDay);
    try (FuzzRun run = new FuzzRun(folder, new JsonObject())) {
      run.play(1, 6);
      run.play(seedOfTheDay, 6);
      for (long seed : FOUND) {
        run.play(seed);
      }
      run.checkLeaks();

      assertThat(run.findings()).isEmpty();
    }
  }
}
