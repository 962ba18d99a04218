package dev.userservice;

import dev.userservice.config.BenchConfig;
import dev.userservice.config.ClientConfig;
import dev.userservice.config.ConfigException;
import dev.userservice.config.ConfigSource;
import dev.userservice.config.JsonDocument;
import dev.userservice.config.ServerConfig;
import io.vertx.core.json.JsonObject;
import java.util.function.Consumer;

/** What a process is there for, by its main verticle. */
enum Role {

  /** Runs {@link UserVerticle}, until it is stopped. */
  SERVER("user-service", ""),

  /** Runs {@link ClientVerticle}, until all scenarios have been run. */
  CLIENT("user-client", "interrupted before all scenarios had passed"),

  /** Runs {@link BenchVerticle}, until all loads have been made. */
  BENCH("user-bench", "interrupted before all loads had ended"),

  /** Runs a verticle of somebody else, of which nothing is known. */
  OTHER("user-service", "");

  /** What traces call it. */
  final String program;

  /** What is said when a signal ends the run; empty for a server, which signals are to end. */
  final String interrupted;

  Role(String program, String interrupted) {
    this.program = program;
    this.interrupted = interrupted;
  }

  /**
   * @param verticle the name of a class, of ours with its package or without; null for the default,
   *     which serves
   */
  static Role of(String verticle) {
    if (verticle == null || isNamed(UserVerticle.class, verticle)) {
      return SERVER;
    }
    if (isNamed(ClientVerticle.class, verticle)) {
      return CLIENT;
    }
    return isNamed(BenchVerticle.class, verticle) ? BENCH : OTHER;
  }

  private static boolean isNamed(Class<?> verticle, String name) {
    return name.equals(verticle.getName()) || name.equals(verticle.getSimpleName());
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
  boolean ends() {
    return this == CLIENT || this == BENCH;
  }

  /**
   * The configuration in force, checked.
   *
   * @param argument what {@code --conf} says; null for nothing
   * @throws ConfigException when it is refused
   */
  JsonObject configuration(String argument, Consumer<String> warn) {
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
   * @throws ConfigException when it is refused
   */
  String list(String argument, Consumer<String> warn) {
    return switch (this) {
      case SERVER ->
          ConfigSource.listServer(
              argument, UserVerticle.methods(), System.getenv(), System.getProperties(), warn);
      case CLIENT ->
          ConfigSource.listClient(argument, System.getenv(), System.getProperties(), warn);
      case BENCH -> ConfigSource.listBench(argument, System.getenv(), System.getProperties(), warn);
      case OTHER -> throw new IllegalStateException("nothing is known of its keys");
    };
  }

  /** How the log is to be written: {@code auto}, {@code text} or {@code json}. */
  String log(JsonObject config) {
    return switch (this) {
      case SERVER -> ServerConfig.from(config).log();
      case CLIENT -> ClientConfig.from(config).log();
      case BENCH -> BenchConfig.from(config).client().log();
      case OTHER -> "text";
    };
  }
}
