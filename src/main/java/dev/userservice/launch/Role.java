package dev.userservice.launch;

import dev.userservice.config.BenchConfig;
import dev.userservice.config.ClientConfig;
import dev.userservice.config.ConfigException;
import dev.userservice.config.ConfigSource;
import dev.userservice.config.JsonDocument;
import dev.userservice.config.ServerConfig;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What a process is there for, by its main verticle. */
public enum Role {

  /** Serves until it is stopped. */
  SERVER("UserVerticle", "user-service", ""),

  /** Runs the scenarios of the client. */
  CLIENT("ClientVerticle", "user-client", "interrupted before all scenarios had passed"),

  /** Runs loads. */
  BENCH("BenchVerticle", "user-bench", "interrupted before all loads had ended"),

  /** Runs a verticle unknown to this program. */
  OTHER(null, "user-service", "");

  private static final String PACKAGE = "dev.userservice.";

  /** The simple name of the verticle; null for {@link #OTHER}. */
  private final String verticle;

  /** The name of the program in traces. */
  public final String program;

  /** The message when a signal interrupts the run; empty for a server. */
  public final String interrupted;

  Role(String verticle, String program, String interrupted) {
    this.verticle = verticle;
    this.program = program;
    this.interrupted = interrupted;
  }

  /**
   * @param verticle the name of a class, of ours with its package or without; null for the default,
   *     which serves
   */
  public static Role of(String verticle) {
    if (verticle == null) {
      return SERVER;
    }
    return Stream.of(SERVER, CLIENT, BENCH)
        .filter(role -> role.isNamed(verticle))
        .findAny()
        .orElse(OTHER);
  }

  private boolean isNamed(String name) {
    return name.equals(verticle) || name.equals(PACKAGE + verticle);
  }

  /** How to set the key that an option is called like; empty when there is no such key. */
  String howToSet(String option) {
    return switch (this) {
      case SERVER -> ConfigSource.serverKey(option);
      case CLIENT -> ConfigSource.clientKey(option);
      case BENCH -> ConfigSource.benchKey(option);
      case OTHER -> "";
    };
  }

  /** Whether it ends by itself, and has failed until it has done all. */
  public boolean ends() {
    return this == CLIENT || this == BENCH;
  }

  /**
   * The configuration in force, checked.
   *
   * @param argument what {@code --conf} says; null for nothing
   * @throws ConfigException when it is refused
   */
  public JsonObject configuration(String argument, Consumer<String> warn) {
    return switch (this) {
      case SERVER -> ConfigSource.server(argument, System.getenv(), System.getProperties(), warn);
      case CLIENT -> ConfigSource.client(argument, System.getenv(), System.getProperties(), warn);
      case BENCH -> ConfigSource.bench(argument, System.getenv(), System.getProperties(), warn);
      case OTHER -> argument == null ? null : JsonDocument.parse("--conf", argument);
    };
  }

  /**
   * The configuration in force and where it comes from, for people; not for {@link #OTHER}.
   *
   * @param methods of the server, {@code service/method}
   * @throws ConfigException when it is refused
   */
  public String list(String argument, Set<String> methods, Consumer<String> warn) {
    return switch (this) {
      case SERVER ->
          ConfigSource.listServer(argument, methods, System.getenv(), System.getProperties(), warn);
      case CLIENT ->
          ConfigSource.listClient(argument, System.getenv(), System.getProperties(), warn);
      case BENCH -> ConfigSource.listBench(argument, System.getenv(), System.getProperties(), warn);
      case OTHER -> throw new IllegalStateException("nothing is known of its keys");
    };
  }

  /** How the log is to be written: {@code auto}, {@code text} or {@code json}. */
  public String log(JsonObject config) {
    return switch (this) {
      case SERVER -> ServerConfig.from(config).log();
      case CLIENT -> ClientConfig.from(config).log();
      case BENCH -> BenchConfig.from(config).client().log();
      case OTHER -> "text";
    };
  }
}
