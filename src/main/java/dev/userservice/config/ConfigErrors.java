package dev.userservice.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The errors of one configuration, thrown together. Rules between keys are checked only when each
 * key is valid for itself: with a default in place of an invalid value they would mislead.
 */
final class ConfigErrors {

  /** A set, since a key may be read twice. */
  private final Set<String> messages = new LinkedHashSet<>();

  private final List<Runnable> rules = new ArrayList<>();
  private final List<String> idle = new ArrayList<>();

  /** Adds the error of one key. */
  void add(String message) {
    messages.add(message);
  }

  /**
   * Adds a rule between keys.
   *
   * @param rule throws a {@link ConfigException} if it is violated; may add objects without effect
   */
  void addRule(Runnable rule) {
    rules.add(rule);
  }

  /** Adds the error of an object without effect. */
  void addIdle(String message) {
    idle.add(message);
  }

  /**
   * Checks the rules.
   *
   * @throws ConfigException with one line for each error of a key; without any, for each violated
   *     rule; without any, for the first object without effect, which may contain the others
   */
  void throwAll() {
    throwAll(messages);
    for (Runnable rule : rules) {
      try {
        rule.run();
      } catch (ConfigException violation) {
        messages.add(violation.getMessage());
      }
    }
    throwAll(messages);
    if (!idle.isEmpty()) {
      throw new ConfigException(idle.get(0));
    }
  }

  private static void throwAll(Set<String> messages) {
    if (!messages.isEmpty()) {
      throw new ConfigException(String.join("\n", messages));
    }
  }
}
