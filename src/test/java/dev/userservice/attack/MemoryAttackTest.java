package dev.userservice.attack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attacks on a server with a heap of 256 MiB and default limits: it survives, holds little memory,
 * answers other callers, and releases the memory afterwards. {@link AttackRun} makes all attacks.
 */
@Tag("slow")
class MemoryAttackTest {

  @TempDir private static Path folder;

  private static Victims victims;

  @BeforeAll
  static void make() {
    victims = new Victims(folder);
  }

  @AfterAll
  static void stop() throws InterruptedException {
    victims.close();
  }

  static List<Attack> attacks() {
    return Attack.all().stream().filter(attack -> !attack.byHand()).toList();
  }

  @ParameterizedTest
  @MethodSource("attacks")
  @Timeout(Waits.TEST_SECONDS)
  void attack_isWithstood(Attack attack) throws Exception {
    Outcome outcome = victims.attack(attack);

    assertThat(outcome.faults()).as("%s", outcome.row()).isEmpty();
  }
}
