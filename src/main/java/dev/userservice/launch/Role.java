package dev.userservice.launch;

import dev.userservice.config.ClientConfig;
import dev.userservice.config.ConfigException;
import dev.userservice.config.ConfigSource;
import dev.userservice.config.JsonDocument;
import dev.userservice.config.LoadConfig;
import dev.userservice.config.Program;
import dev.userservice.config.ServerConfig;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The purpose of a process, by its main verticle. */
public enum Role {

  /** Serves until it is stopped. */
  SERVER("serve", "UserVerticle", Program.SERVER, ""),

  /** Runs the scenarios of the client. */
  CLIENT("demo", "ClientVerticle", Program.CLIENT, "interrupted before all scenarios had passed"),

  /** Runs loads. */
  LOAD("load", "LoadVerticle", Program.LOAD, "interrupted before all loads had ended"),

  /** Runs a verticle unknown to this program. */
  OTHER(null, null, null, "");

  private static final String PACKAGE = "dev.userservice.";

  /** The word for it on the command line; null for {@link #OTHER}. */
  private final String word;

  /** The simple name of the verticle; null for {@link #OTHER}. */
  private final String verticle;

  /** Null for {@link #OTHER}. */
  private final Program program;

  /** The message when a signal interrupts the run; empty for a server. */
  public final String interrupted;

  Role(String word, String verticle, Program program, String interrupted) {
    this.word = word;
    this.verticle = verticle;
    this.program = program;
    this.interrupted = interrupted;
  }

  /**
   * @param name the word of a role, or the name of a class, of ours with its package or without;
   *     null for the default, which serves
   */
  public static Role of(String name) {
    if (name == null) {
      return SERVER;
    }
    return Stream.of(SERVER, CLIENT, LOAD)
        .filter(role -> role.isNamed(name))
        .findAny()
        .orElse(OTHER);
  }

  /** The words and the full names of the known verticles, for a message. */
  static String verticles() {
    return Stream.of(SERVER, CLIENT, LOAD)
        .map(role -> "%s (%s)".formatted(role.word, PACKAGE + role.verticle))
        .collect(Collectors.joining(", "));
  }

  private boolean isNamed(String name) {
    return name.equals(word) || name.equals(verticle) || name.equals(PACKAGE + verticle);
  }

  /** The name in traces. */
  public String programName() {
    return program == null ? Program.SERVER.prefix() : program.prefix();
  }

  /** The environment variable of a key; not for {@link #OTHER}. */
  String variable(String key) {
    return program.variable(key);
  }

  /** Returns the way to set the key that an option is named after; empty without such a key. */
  String howToSet(String option) {
    return program == null ? "" : program.howToSet(option);
  }

  /**
   * Explains a key of the configuration, or all keys of an object; not for {@link #OTHER}.
   *
   * @throws IllegalArgumentException when the key is unknown
   */
  String explain(String key) {
    return program.explain(key);
  }

  /** Returns true if it ends by itself, and has failed until all its work is done. */
  public boolean ends() {
    return this == CLIENT || this == LOAD;
  }

  /**
   * The configuration in force, checked.
   *
   * @param argument the value of {@code --conf}, or null
   * @throws ConfigException when it is refused
   */
  public JsonObject configuration(String argument, Consumer<String> warn) {
    if (program == null) {
      return argument == null ? null : JsonDocument.parse("--conf", argument);
    }
    return load(argument, warn).json();
  }

  /**
   * The configuration in force with the origin of each value, for people; not for {@link #OTHER}.
   *
   * @param methods of the server, {@code service/method}
   * @throws ConfigException when it is refused
   */
  public String list(String argument, Supplier<Set<String>> methods, Consumer<String> warn) {
    ConfigSource source = load(argument, warn);
    if (this == SERVER) {
      ServerConfig.from(source.json()).checkMethods(methods.get());
    }
    return source.list();
  }

  private ConfigSource load(String argument, Consumer<String> warn) {
    return program.load(argument, System.getenv(), System.getProperties(), warn);
  }

  /** The format of the log: {@code auto}, {@code text} or {@code json}. */
  public String log(JsonObject config) {
    return switch (this) {
      case SERVER -> ServerConfig.from(config).log();
      case CLIENT -> ClientConfig.from(config).log();
      case LOAD -> LoadConfig.from(config).client().log();
      case OTHER -> "text";
    };
  }
}
