package dev.userservice.attack;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Runs the attacks and prints their outcomes, as a table in Markdown. With arguments it runs only
 * attacks whose name contains one of them.
 */
final class AttackRun {

  private AttackRun() {}

  public static void main(String[] parts) throws Exception {
    Path folder = Files.createTempDirectory("attack");
    System.out.println(Outcome.HEAD);
    try (Victims victims = new Victims(folder)) {
      for (Attack attack : Attack.all()) {
        if (parts.length == 0 || Arrays.stream(parts).anyMatch(attack.name()::contains)) {
          System.out.println(victims.attack(attack).row());
        }
      }
    }
  }
}
