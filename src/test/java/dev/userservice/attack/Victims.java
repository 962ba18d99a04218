package dev.userservice.attack;

import java.nio.file.Path;

/** The server under attack, one at a time; a new one after an attack that succeeded. */
final class Victims implements AutoCloseable {

  private final Path folder;
  private Victim.Kind kind;
  private Victim victim;

  Victims(Path folder) {
    this.folder = folder;
  }

  Outcome attack(Attack attack) throws Exception {
    if (victim == null || kind != attack.kind() || attack.fresh()) {
      close();
      kind = attack.kind();
      victim = Victim.start(kind, folder);
    }
    boolean withstood = false;
    try {
      Outcome outcome = Trial.of(attack, victim);
      withstood = outcome.faults().isEmpty();
      return outcome;
    } finally {
      if (!withstood || attack.fresh()) {
        close();
      }
    }
  }

  @Override
  public void close() throws InterruptedException {
    if (victim != null) {
      victim.close();
      victim = null;
    }
  }
}
