package dev.userservice.config;

import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Function;

/** The programs in this jar, each with its own configuration. */
public enum Program {
  SERVER("user-service", "", ServerConfig::read),
  CLIENT("user-client", "", ClientConfig::read),
  LOAD("user-load", "user-bench", LoadConfig::read);

  private final String prefix;

  /** The prefix in earlier versions; empty if it was the same. */
  private final String formerPrefix;

  private final Function<ConfigReader, ?> reader;

  Program(String prefix, String formerPrefix, Function<ConfigReader, ?> reader) {
    this.prefix = prefix;
    this.formerPrefix = formerPrefix;
    this.reader = reader;
  }

  /** The start of its {@code -D} properties, and its name in traces. */
  public String prefix() {
    return prefix;
  }

  /** The environment variable of a key: USER_SERVICE_LIMITS_BATCH_USERS. */
  public String variable(String key) {
    return upperCase(prefix + "." + key);
  }

  /** The {@code -D} property of a key: user-service.limits.batchUsers. */
  String property(String key) {
    return prefix + "." + key;
  }

  /** The start of its environment variables. */
  String variablePrefix() {
    return upperCase(prefix) + "_";
  }

  /** The present name of an environment variable of an earlier version; null for any other. */
  String renamedVariable(String name) {
    return renamed(name, upperCase(formerPrefix) + "_", variablePrefix());
  }

  /** The present name of a {@code -D} property of an earlier version; null for any other. */
  String renamedProperty(String name) {
    return renamed(name, formerPrefix + ".", property(""));
  }

  private String renamed(String name, String former, String present) {
    return !formerPrefix.isEmpty() && name.startsWith(former)
        ? present + name.substring(former.length())
        : null;
  }

  private static String upperCase(String path) {
    return path.replaceAll("([a-z])([A-Z])", "$1_$2")
        .replaceAll("[.-]", "_")
        .toUpperCase(Locale.ROOT);
  }

  /**
   * Reads and checks its configuration.
   *
   * @param argument a file, a JSON text, or null for none
   * @param warn called for a secret on the command line, or in a file that other users may read
   * @throws ConfigException with a line for each unknown key and each value of a wrong type or
   *     outside its range
   */
  public ConfigSource load(
      String argument, Map<String, String> env, Properties properties, Consumer<String> warn) {
    return ConfigSource.load(this, argument, env, properties, warn);
  }

  /**
   * Explains how to set the key that a command-line option is named after: {@code --port}, {@code
   * --store.type}, {@code --drain-delay-millis}.
   *
   * @return empty without such a key
   */
  public String howToSet(String option) {
    return new KeyHelp(this).howToSet(option);
  }

  /**
   * Explains a key: its meaning, type, range, default, environment variable and property.
   *
   * @param key the path of a key, or of an object with keys
   * @throws IllegalArgumentException when the key is unknown
   */
  public String explain(String key) {
    return new KeyHelp(this).explain(key);
  }

  Object read(ConfigReader from) {
    return reader.apply(from);
  }
}
